/** A stage's handler as it stands in the router. */

import type { Context, Handler, Next } from "hono";
import { callOf } from "./entrance.ts";
import type { PartialParameter } from "./pattern.ts";

/**
 * Wraps a handler so that only the engine reaches it, wherever its app is mounted, and so that `c.req.param()` gives
 * of a segment like `acme.example.com` only what `:tenant` stands for.
 */
export function forStageOnly(handler: Handler, partial: readonly PartialParameter[]): Handler {
  if (partial.length === 0) return (c, next) => callOf(c) === undefined ? c.notFound() : handler(c, next);
  return (c, next) => {
    if (callOf(c) === undefined) return c.notFound();
    takeParts(c, partial);
    return handler(c, next);
  };
}

/**
 * Stands before the handlers of `app.auth()`: whoever gets past all of them after this one was let in by them. What was
 * looked at before is not their doing.
 */
export function checkpoint(c: Context, next: Next): Promise<void> {
  const call = callOf(c);
  if (call !== undefined && !call.isChecked) {
    call.isChecked = true;
    call.isInspected = false;
  }
  return next();
}

/** A policy among the handlers of `app.auth()`: what it looks at, to count by user for example, it does not check. */
export function uninspecting(handler: Handler): Handler {
  return (c, next) => {
    const call = callOf(c);
    const wasInspected = call?.isInspected === true;
    return handler(c, () => {
      if (call !== undefined) call.isInspected = wasInspected;
      return next();
    });
  };
}

/** Shadows `c.req.param` while this route's handlers run; other routes see Hono's own values. */
function takeParts(c: Context, partial: readonly PartialParameter[]): void {
  const { routeIndex } = c.req;
  const whole = Object.getPrototypeOf(c.req).param.bind(c.req) as (name?: string) => unknown;
  const part = (name: string, value: unknown): unknown => {
    const parameter = partial.find((candidate) => candidate.name === name);
    if (parameter === undefined || typeof value !== "string") return value;
    return value.slice(parameter.before, value.length - parameter.after);
  };
  const param = (name?: string): unknown => {
    const value = name === undefined ? whole() : whole(name);
    if (c.req.routeIndex !== routeIndex) return value;
    if (name !== undefined) return part(name, value);
    const values = Object.entries(value as Record<string, string>);
    return Object.fromEntries(values.map(([key, each]) => [key, part(key, each)]));
  };
  c.req.param = param as typeof c.req.param;
}
