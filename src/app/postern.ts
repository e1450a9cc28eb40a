/** The app that users write: a Hono whose verbs are the stages of SMTP. */

import { type Env, type Handler, Hono, type MiddlewareHandler } from "hono";
import type { Stage } from "./stage.ts";
import type { StageEnv, StageVariables } from "./context.ts";
import { openEntrance } from "./entrance.ts";
import { type AuthMechanism, mechanismsFor, policyNameOf } from "./mechanisms.ts";
import { compilePattern, type PartialParameter, type PatternPath } from "./pattern.ts";
import { checkpoint, forStageOnly, uninspecting } from "./route.ts";

/** A handler of one stage: any Hono handler or middleware. */
export type StageHandler<E extends Env, S extends Stage, P extends string = string> =
  | Handler<StageEnv<E, S>, P>
  | MiddlewareHandler<StageEnv<E, S>, P>;

type Handlers<E extends Env, S extends Stage, P extends string = string> = [
  StageHandler<E, S, P>,
  ...StageHandler<E, S, P>[],
];

/**
 * An app that decides on mail.
 *
 * It is a Hono app with verbs for the stages of an SMTP session: router, middleware, typed context, `onError`,
 * `route()`, `request()` and HTTP routes work as they do there. The stages are closed to HTTP: only a session of
 * Postern's own can ask them.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 *
 * const app = new Postern();
 * app.deliver("support@example.com", async (c) => {
 *   const mail = await c.var.mail.parse();
 *   console.log(mail.subject);
 *   return c.body(null, 204);
 * });
 *
 * export default app;
 * ```
 */
export class Postern<E extends Env = Env> extends Hono<E & { Variables: Partial<StageVariables["deliver"]> }> {
  /** Takes the options of Hono. */
  constructor(options?: ConstructorParameters<typeof Hono<E>>[0]) {
    super(options as object);
    openEntrance(this as unknown as Hono);
  }

  /**
   * A connection was accepted: 220, or the refusal of the Response. After 421 and 521 the connection ends; after any
   * other refusal the client may only QUIT (RFC 5321 section 3.1).
   */
  connect(...handlers: Handlers<E, "connect">): this {
    return this.#stage("/connect", handlers);
  }

  /**
   * EHLO or HELO; the name is `c.req.param("host")`, in lower case.
   *
   * The first line of a text becomes the greeting. Each further line tells of an extension of the application's own, by
   * keyword and parameters (RFC 5321 section 4.1.1.1); a line that is none is left out.
   *
   * @example
   * ```ts
   * import { Postern } from "postern";
   *
   * const app = new Postern();
   * app.helo((c) => c.text("at your service\nXTICKET v1"));
   * ```
   */
  helo(...handlers: Handlers<E, "helo", "/:host">): this {
    return this.#stage("/helo/:host", handlers);
  }

  /**
   * AUTH: the client shows a password, a token or a certificate, or is ready to prove that it knows a secret.
   *
   * Only mechanisms that there is a route for are offered. Without a list of them these are the ones that handlers such
   * as `password()` or `scram()` can check, or else PLAIN and LOGIN. Each SCRAM brings its `-PLUS`.
   *
   * Passwords arrive as `Authorization: Basic`, tokens as `Bearer`, so `hono/basic-auth`, `hono/bearer-auth` and
   * `hono/jwt` work as they are. As with them, **to call `next()` is to let in**: when all handlers have, or one of them
   * answers 2xx, the client is authenticated. Refuse with 401; a throw is 454, and the client tries again. So is it when
   * all have passed and none has looked at the password, the token or the proof: middleware such as `hono/logger` lets
   * nobody in.
   *
   * `session.user` and `c.var.user` are then what a handler put there by `c.set("user", name)`; else the `sub` of the
   * token that `hono/jwt` verified; else the user that the credentials name.
   *
   * @throws {TypeError} for a mechanism that there is none of, or that a handler cannot check, and for nothing but
   * middleware such as `rateLimit()`, which checks no credentials.
   *
   * @example
   * ```ts
   * import { basicAuth } from "hono/basic-auth";
   * import { jwt } from "hono/jwt";
   * import { Postern } from "postern";
   *
   * const app = new Postern();
   * app.auth(basicAuth({ username: "alice", password: "wonderland" }));
   * app.auth(["OAUTHBEARER", "XOAUTH2"], jwt({ secret: "it-is-very-secret", alg: "HS256" }));
   * ```
   */
  auth(mechanisms: AuthMechanism | readonly AuthMechanism[], ...handlers: Handlers<E, "auth">): this;
  /** For every mechanism that its handlers can check. See above. */
  auth(...handlers: Handlers<E, "auth">): this;
  auth(
    first: AuthMechanism | readonly AuthMechanism[] | StageHandler<E, "auth">,
    ...rest: StageHandler<E, "auth">[]
  ): this {
    const isNamed = typeof first !== "function";
    const handlers = isNamed ? rest : [first, ...rest];
    const checks = handlers.map((handler) =>
      policyNameOf(handler) === undefined ? handler : uninspecting(handler as Handler)
    );
    for (const mechanism of mechanismsFor(isNamed ? first : undefined, handlers)) {
      this.#stage(`/auth/${mechanism}`, checks.length === 0 ? [] : [checkpoint, ...checks]);
    }
    return this;
  }

  /** MAIL FROM; without a pattern every sender, the null sender of bounces among them. */
  mail<P extends string>(pattern: P, ...handlers: Handlers<E, "mail", PatternPath<P>>): this;
  /** For every sender. */
  mail(...handlers: Handlers<E, "mail">): this;
  mail(first: string | StageHandler<E, "mail">, ...rest: StageHandler<E, "mail">[]): this {
    if (typeof first === "string") return this.#address("mail", first, rest);
    return this.#stage("/mail/*", [first, ...rest]);
  }

  /** RCPT TO: a 2xx accepts the recipient, and with it the duty to deliver. */
  rcpt<P extends string>(pattern: P, ...handlers: Handlers<E, "rcpt", PatternPath<P>>): this {
    return this.#address("rcpt", pattern, handlers);
  }

  /** The whole message is in, once for all its recipients. */
  data(...handlers: Handlers<E, "data">): this {
    return this.#stage("/data", handlers);
  }

  /** The message for one recipient, once for each that was accepted. */
  deliver<P extends string>(pattern: P, ...handlers: Handlers<E, "deliver", PatternPath<P>>): this {
    return this.#address("deliver", pattern, handlers);
  }

  /**
   * A command that the server does not know, or VRFY, EXPN, HELP or NOOP in the app's own way.
   *
   * `c.var.argument` is what followed the verb, `reply(250, "2.0.0", ["two", "lines"])` answers in several lines, and
   * `c.var.prompt` asks the client for more. EHLO tells of the command only if `helo()` does.
   *
   * @example
   * ```ts
   * import { Postern, reply } from "postern";
   *
   * const app = new Postern();
   * app.command("XTICKET", async (c) => {
   *   const answer = await c.var.prompt(reply(334, "", `Proof for ${c.var.argument}?`));
   *   return answer === "please" ? c.text("Granted") : reply(550, "5.7.1", "Not like this");
   * });
   * ```
   *
   * @throws {TypeError} when the verb is none, or one the protocol itself depends on.
   */
  command(verb: string, ...handlers: Handlers<E, "command">): this {
    // Looked at before it changes case: other letters have capitals in ASCII (RFC 5321 section 2.4 knows only ASCII).
    if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(verb)) {
      throw new TypeError(`Cannot answer the command "${verb}": a verb is a letter, then letters, digits and hyphens`);
    }
    const name = verb.toUpperCase();
    if (/^(?:EHLO|HELO|LHLO|MAIL|RCPT|DATA|BDAT|RSET|QUIT|STARTTLS|AUTH)$/.test(name)) {
      throw new TypeError(`Cannot answer the command "${verb}": the session does that itself`);
    }
    return this.#stage(`/command/${name}`, handlers);
  }

  /** The session is over; the Response is not looked at. */
  disconnect(...handlers: Handlers<E, "disconnect">): this {
    return this.#stage("/disconnect", handlers);
  }

  #address(stage: "mail" | "rcpt" | "deliver", pattern: string, handlers: readonly unknown[]): this {
    const { path, partial } = compilePattern(pattern);
    return this.#stage(`/${stage}${path}`, handlers, partial);
  }

  #stage(path: string, handlers: readonly unknown[], partial: readonly PartialParameter[] = []): this {
    if (handlers.length === 0) throw new TypeError(`Cannot add a route for ${path}: it has no handler`);
    for (const handler of handlers) this.on("POST", path, forStageOnly(handler as Handler, partial));
    return this;
  }
}
