/**
 * The version of this package, as in `package.json` and `deno.json`: read from no file, so that every way of installing
 * knows it.
 */
export const version = "0.1.0";
