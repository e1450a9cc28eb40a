/** The names of the SASL mechanisms, as an app's routes have them. */

import { mechanisms } from "../sasl/mod.ts";

/** The mechanisms that `app.auth()` takes. Each SCRAM brings its `-PLUS` with it. */
export type AuthMechanism =
  | "PLAIN"
  | "LOGIN"
  | "CRAM-MD5"
  | "OAUTHBEARER"
  | "XOAUTH2"
  | "EXTERNAL"
  | `SCRAM-SHA-${"1" | "256"}${"" | "-PLUS"}`;

/** What is offered where nobody names a mechanism: what any handler of a user name and a password can check. */
const byDefault: readonly AuthMechanism[] = ["PLAIN", "LOGIN"];

const known = mechanisms();

/** Registered globally: the command line and the app it loads may each have a copy of this module. */
const checksKey: symbol = Symbol.for("postern.checks");

/** Marks a handler as one that can check these mechanisms, and no others. */
export function checking<T extends object>(handler: T, checked: readonly AuthMechanism[]): T {
  return Object.defineProperty(handler, checksKey, { value: checked });
}

const policyKey: symbol = Symbol.for("postern.policy");

/**
 * Marks a middleware as one that lets pass whatever it has nothing against: who passes it has shown nothing.
 *
 * @param name the function that makes it, as users know it.
 */
export function policy<T extends object>(name: string, handler: T): T {
  return Object.defineProperty(handler, policyKey, { value: name });
}

/** The name of a middleware that checks no credentials; undefined for a handler that may. */
export function policyNameOf(handler: unknown): string | undefined {
  return Reflect.get(Object(handler), policyKey) as string | undefined;
}

/**
 * The mechanisms that a route is for.
 *
 * @throws {TypeError} for a mechanism that there is none of, or that one of the handlers cannot check, and where no
 * handler could check anything.
 */
export function mechanismsFor(named: string | readonly string[] | undefined, handlers: readonly unknown[]): string[] {
  const policies = handlers.map(policyNameOf).filter((name) => name !== undefined);
  if (policies.length > 0 && policies.length === handlers.length) {
    const names = policies.map((name) => `${name}()`).join(" and ");
    const [checks, it] = policies.length === 1 ? ["it checks", "it"] : ["they check", "them"];
    throw new TypeError(`Cannot authenticate with ${names}: ${checks} no credentials; put ${it} in app.use()`);
  }
  const checkers = handlers.map((handler) => Reflect.get(Object(handler), checksKey) as string[] | undefined)
    .filter((checks) => checks !== undefined);
  if (named === undefined) return withPlus([checkers.flat(), byDefault].find((names) => names.length > 0) ?? []);
  const names = [named].flat().map((name) => name.toUpperCase());
  for (const name of names) {
    if (!known.has(name)) {
      throw new TypeError(`Cannot offer the mechanism "${name}": there are ${[...known.keys()].join(", ")}`);
    }
    const checks = checkers.find((each) => !withPlus(each).includes(name));
    if (checks !== undefined) {
      throw new TypeError(`Cannot offer ${name}: a handler for it checks ${checks.join(" and ")} only`);
    }
  }
  if (names.length === 0) throw new TypeError("Cannot offer authentication: the list of mechanisms is empty");
  return withPlus(names);
}

/** Whoever can check SCRAM can check it bound to its channel: the session sees to that. */
function withPlus(names: readonly string[]): string[] {
  const plus = names.map((name) => `${name}-PLUS`).filter((name) => known.has(name));
  return [...new Set([...names, ...plus])];
}

/** The mechanisms that the paths of routes stand for. */
export function mechanismsOf(paths: readonly string[]): ReadonlySet<string> {
  const names = paths.flatMap((path): readonly string[] => {
    const [stage, mechanism = "", ...more] = path.split("/").slice(1);
    if (stage !== "auth" || more.length > 0) return [];
    // A route of plain Hono for any mechanism has the Authorization header to go by.
    return mechanism === "*" || mechanism.startsWith(":") ? byDefault : [mechanism];
  });
  return new Set(names.filter((name) => known.has(name)));
}
