/** What Deno permits this process; the other runtimes permit everything. */

interface Permissions {
  querySync(wanted: { readonly name: "read"; readonly path: string }): { readonly state: string };
}

/** Whether a path may be read without a question to the user, with which Deno would stop the program. */
export function mayRead(path: string): boolean {
  const permissions = Reflect.get(Object(Reflect.get(globalThis, "Deno")), "permissions") as Permissions | undefined;
  return permissions === undefined || permissions.querySync({ name: "read", path }).state === "granted";
}
