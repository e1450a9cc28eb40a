/** ESMTP parameters of MAIL and RCPT (RFC 5321 section 4.1.1.11). */

/** Parameters by upper-case keyword; the value is undefined where there is no `=`. */
export type Parameters = ReadonlyMap<string, string | undefined>;

/** keyword, then `=` and a value of anything printable but `=` and blank (RFC 6531 section 3.3 adds other letters). */
const parameter = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=((?:[\x21-\x3c\x3e-\x7e]|[^\x00-\x9f\ud800-\udfff])+))?$/u;

const none: Parameters = new Map();

/**
 * Reads what stands behind the path.
 *
 * @param text empty, or a blank and the parameters.
 * @returns undefined when the text is malformed or names a parameter twice.
 *
 * @example
 * ```ts
 * parseParameters(" SIZE=1000 BODY=8BITMIME")?.get("SIZE"); // "1000"
 * ```
 */
export function parseParameters(text: string): Parameters | undefined {
  if (text === "") return none;
  if (!text.startsWith(" ")) return undefined;
  const parameters = new Map<string, string | undefined>();
  for (const word of text.split(" ")) {
    if (word === "") continue;
    const match = parameter.exec(word);
    if (match === null) return undefined;
    const keyword = match[1]!.toUpperCase();
    if (parameters.has(keyword)) return undefined;
    parameters.set(keyword, match[2]);
  }
  return parameters;
}
