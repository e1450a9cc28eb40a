import { describe, expect, test } from "bun:test";
import { Postern, reply } from "postern";
import { dialogue } from "postern/testing";

describe("command()", () => {
  test("answers verbs of its own, and those that may be replaced; others stay as they are", async () => {
    const app = new Postern();
    const seen: string[] = [];
    app.command("xfoo", (c) => {
      seen.push(`${c.var.verb} ${c.var.argument} ${c.var.envelope?.from?.address}`);
      return c.text("done");
    });
    app.command("VRFY", () => reply(252, "2.5.2", "maybe"));
    app.command("EXPN", (c) => c.body(null, 403));
    app.command("HELP", (c) => c.text("one\ntwo"));
    app.command("NOOP", (c) => c.body(null, 204));
    app.command("ETRN", () => reply(251, "2.0.0", "started"));
    app.command("XPASS", async (_, next) => await next());
    app.command("X-1", () => Promise.reject(new Error("x")));
    await dialogue(
      app,
      `
      S: 220
      C: XFOO early
      S: 250 2.0.0 done
      C: EHLO c.test
      S: 250
      C: MAIL FROM:<a@x.test>
      S: 250
      C: xFoO  two  words
      S: 250 2.0.0 done
      C: VRFY b@x.test
      S: 252 2.5.2 maybe
      C: VRFY
      S: 501 5.5.4
      C: EXPN list
      S: 550 5.7.1
      C: HELP
      S: 250-2.0.0 one
      S: 250 2.0.0 two
      C: NOOP x
      S: 250 2.0.0 Ok
      C: ETRN x
      S: 251 2.0.0 started
      C: XPASS
      S: 500 5.5.2
      C: X-1
      S: 451 4.3.0
      C: XBAR
      S: 500 5.5.2
      C: TURN
      S: 502 5.5.1
      C: QUIT
      S: 221
      S: close
    `,
    );
    expect(seen).toEqual(["XFOO early undefined", "XFOO  two  words a@x.test"]);
  });

  test.each([
    [""],
    [" "],
    ["X Y"],
    ["1X"],
    ["-X"],
    ["X_Y"],
    ["X*"],
    [":verb"],
    ["X/Y"],
    ["X\r\n"],
    ["\u017fEND"],
    ["\u212aILL"],
    ["HELP\u0130"],
  ])("refuses %j, which is no verb", (verb) => {
    expect(() => new Postern().command(verb, (c) => c.text(""))).toThrow(TypeError);
    expect(() => new Postern().command(verb, (c) => c.text(""))).toThrow("a verb is a letter");
  });

  test.each(
    ["EHLO", "helo", "LHLO", "Mail", "RCPT", "DATA", "BDAT", "RSET", "QUIT", "StartTLS", "AUTH"].map((it) => [it]),
  )(
    "refuses %j, which the session does itself",
    (verb) => expect(() => new Postern().command(verb, (c) => c.text(""))).toThrow("the session does that itself"),
  );
});
