/** The user, once there is one. */

import { describe, expect, test } from "bun:test";
import type { Hono } from "hono";
import { connected, login, plain } from "./login.ts";
import { password, Postern, reply } from "./postern.ts";

describe("afterwards", () => {
  test("an app mounted in an app brings its mechanisms", async () => {
    const inner = new Postern().auth(password((user) => user === "alice"));
    const app = new Postern();
    app.route("/", inner as unknown as Hono);
    expect(await login(app, plain("alice", "x"))).toBe("235 2.7.0 alice");
  });

  test("the user is there at every later stage, and in Received", async () => {
    const seen: unknown[] = [];
    const app = new Postern().auth(password(() => true));
    app.use("*", (c, next) => {
      seen.push(`${c.req.path.split("/")[1]} ${c.var.user} ${c.get("session" as never)["user"]}`);
      return next();
    });
    app.deliver("*", (c) => {
      seen.push(c.var.mail.headers.get("received")?.match(/with (\w+)/)?.[1]);
      return c.body(null, 204);
    });
    const { client } = await connected(app);
    await client.ask(plain("alice", "x"));
    for (const line of ["MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA", "Subject: x\r\n\r\nx\r\n.", "QUIT"]) {
      await client.ask(line);
    }
    expect(seen).toEqual([
      "connect undefined undefined",
      "helo undefined undefined",
      "auth undefined undefined",
      "mail alice alice",
      "rcpt alice alice",
      "data alice alice",
      "deliver alice alice",
      "ESMTPA",
      "disconnect alice alice",
    ]);
  });

  test("an authenticated user may send anywhere, anybody else only to example.com", async () => {
    const app = new Postern().auth(password(() => true));
    app.rcpt("*@example.com", (c) => c.body(null, 204));
    app.rcpt("*", (c) => c.var.user ? c.body(null, 204) : reply(550, "5.7.1", "Log in to send there"));
    app.deliver("*", (c) => c.body(null, 204));
    async function replies(...before: string[]): Promise<string[]> {
      const { client } = await connected(app);
      for (const line of [...before, "MAIL FROM:<a@x.test>"]) await client.ask(line);
      const home = await client.ask("RCPT TO:<b@example.com>");
      return [home, await client.ask("RCPT TO:<c@elsewhere.test>")];
    }
    expect(await replies()).toEqual(["250 2.1.5 Ok", "550 5.7.1 Log in to send there"]);
    expect(await replies(plain("alice", "x"))).toEqual(["250 2.1.5 Ok", "250 2.1.5 Ok"]);
  });

  const submitters: readonly [string, string, unknown][] = [
    ["AUTH=<>", "250 2.1.0", null],
    ["AUTH=e+3Dmc2@example.com", "250 2.1.0", "e=mc2@example.com"],
    ["AUTH=+3C+3E", "250 2.1.0", null],
    ["AUTH=alice", "501 5.5.4", undefined],
    ["AUTH=a+0A@x.test", "501 5.5.4", undefined],
    ["AUTH", "501 5.5.4", undefined],
    [`AUTH=${"a".repeat(60)}@${"d".repeat(60)}.${"d".repeat(60)}.example.com`, "250 2.1.0", expect.any(String)],
  ];
  test.each(submitters)("MAIL with %s is %s (RFC 4954 section 5)", async (parameter, expected, submitter) => {
    let seen: unknown;
    const app = new Postern().auth(password(() => true));
    app.mail((c) => {
      seen = c.var.envelope.auth;
      return c.body(null, 204);
    });
    const { client } = await connected(app);
    expect((await client.ask(`MAIL FROM:<a@x.test> ${parameter}`)).slice(0, 9)).toBe(expected);
    expect(seen).toEqual(submitter);
  });
});
