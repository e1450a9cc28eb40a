import type { MiddlewareHandler } from "hono";

/** Makes the session one of an authenticated user, as AUTH would have. */
export function asUser(user: string | undefined): MiddlewareHandler {
  return async (c, next) => {
    if (user !== undefined) c.var.session.user = user;
    await next();
  };
}
