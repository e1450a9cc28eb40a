/** Who a client is, when its handlers have let it in. */

import type { Context } from "hono";
import type { AuthEvent } from "../session/event.ts";

/**
 * What the handlers say of the user: `c.set("user", name)`, or the subject of the token that `hono/jwt` or `hono/jwk`
 * verified.
 *
 * @returns undefined when they say nothing: then it is whom the credentials name.
 * @throws {Error} when a verified token says nothing of its subject: the name the client gave with it is only a claim.
 */
export function namedUser(c: Context, event: AuthEvent): string | undefined {
  const user: unknown = c.get("user");
  if (typeof user === "string" && user !== "") return user;
  const payload: unknown = c.get("jwtPayload");
  if (event.credentials.type !== "token" || typeof payload !== "object" || payload === null) return undefined;
  const subject: unknown = Reflect.get(payload, "sub");
  if (typeof subject === "string" && subject !== "") return subject;
  throw new Error(
    `Cannot tell whose token it is: it has no sub. Say it in a handler after jwt(): c.set("user", c.var.jwtPayload.…)`,
  );
}
