/** What the compiler knows of an app: checked by `tsc`, which fails where an expectation is wrong. */

import { expect, test } from "bun:test";
import { Hono } from "hono";
import {
  type Envelope,
  type Mail,
  type MailEnv,
  type PatternPath,
  Postern,
  type Recipient,
  type Session,
} from "postern";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
function same<A, B>(..._: Same<A, B> extends true ? [] : [never]): void {}

test("patterns, parameters and variables are typed", () => {
  same<PatternPath<"support@example.com">, "/_/_">();
  same<PatternPath<":user@example.com">, "/_/:user">();
  same<PatternPath<":user@:domain">, "/:domain/:user">();
  same<PatternPath<"reply+:token@example.com">, "/_/:token">();
  same<PatternPath<":user@:tenant.example.com">, "/:tenant/:user">();
  same<PatternPath<":user+x@example.com">, "/_/:user">();
  same<PatternPath<"*">, "/*">();

  interface Env {
    Bindings: { KEY: string };
    Variables: { spf: "pass" | "fail" };
  }
  const app = new Postern<Env>();
  app.deliver("reply+:token@:tenant.example.com", (c) => {
    const { token, tenant }: { token: string; tenant: string } = c.req.param();
    const again: string[] = [token, tenant, c.req.param("token"), c.req.param("tenant")];
    // @ts-expect-error there is no such parameter
    again.push(c.req.param("user"));
    same<typeof c.var.session, Session>();
    same<typeof c.var.envelope, Envelope>();
    same<typeof c.var.recipient, Recipient>();
    same<typeof c.var.mail, Mail>();
    same<typeof c.var.spf, "pass" | "fail">();
    same<typeof c.env.KEY, string>();
    return c.body(null, 204);
  });
  app.connect((c) => {
    same<typeof c.var.session, Session>();
    // @ts-expect-error there is no envelope yet
    c.var.envelope;
    return c.body(null, 204);
  });
  app.helo((c) => c.text(c.req.param("host")));
  app.mail((c) => {
    same<typeof c.var.envelope, Envelope>();
    // @ts-expect-error there is no recipient yet
    c.var.recipient;
    return c.body(null, 204);
  });
  app.mail(":user@x.test", (c) => c.text(c.req.param("user")));
  app.rcpt(":user@x.test", (c) => {
    same<typeof c.var.recipient, Recipient>();
    // @ts-expect-error there is no message yet
    c.var.mail;
    return c.text(c.req.param("user"));
  });
  app.data((c) => {
    same<typeof c.var.mail, Mail>();
    // @ts-expect-error the message is for all recipients
    c.var.recipient;
    return c.body(null, 204);
  });
  app.command("XFOO", (c) => {
    same<typeof c.var.verb, string>();
    same<typeof c.var.argument, string>();
    same<typeof c.var.envelope, Envelope | undefined>();
    return c.body(null, 204);
  });
  // @ts-expect-error a pattern is not enough
  expect(() => app.deliver("a@x.test")).toThrow(TypeError);
  // @ts-expect-error sessions are read, not written
  app.connect((c) => (c.var.session.id = "x", c.body(null, 204)));

  const plain = new Hono<MailEnv>();
  plain.post("/deliver/example.com/:local", (c) => c.text(`${c.req.param("local")} ${c.var.mail.size}`));
  expect(plain.routes).toHaveLength(1);
});
