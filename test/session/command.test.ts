/** Commands of an application's own, and what handlers say at connect and EHLO. */

import { expect, test } from "bun:test";
import { Postern, reply } from "postern";
import { dialogue, TestClient, type TestOptions } from "postern/testing";
import example from "../../examples/custom-command.ts";

test("the example asks a question, and answers in several lines", async () => {
  await dialogue(
    example,
    `
    S: 220
    C: EHLO c.test
    S: 250-mx.test at your service
    S: 250-PIPELINING
    S: 250-SIZE …
    S: 250-8BITMIME
    S: 250-SMTPUTF8
    S: 250-ENHANCEDSTATUSCODES
    S: 250-PRDR
    S: 250-CHUNKING
    S: 250-BINARYMIME
    S: 250-LIMITS …
    S: 250 XTICKET
    C: XTICKET
    S: 501 5.5.4
    C: XTICKET printer
    S: 334 What is 6 times 7?
    C: 41
    S: 550 5.7.1
    C: xticket printer
    S: 334
    C: 42
    S: 250-2.0.0 Ticket for printer opened
    S: 250 2.0.0 It has the number 1
    C: HELP
    S: 214-2.0.0 XTICKET subject
    S: 214 2.0.0 opens a ticket
    C: QUIT
    S: 221
    S: close
  `,
  );
});

/** An app whose XASK asks `questions` times, and then says what it heard. */
function asking(questions: number): Postern {
  const app = new Postern();
  app.command("XASK", async (c) => {
    const heard: (string | undefined)[] = [];
    for (let i = 0; i < questions; i++) heard.push(await c.var.prompt(reply(334, "", `Question ${i + 1}`)));
    return reply(250, "2.0.0", JSON.stringify(heard));
  });
  return app;
}

const dialogues: [name: string, app: Postern, script: string, options?: TestOptions][] = [
  [
    "several questions are asked one after the other",
    asking(2),
    String.raw`
    S: 220
    C: XASK
    S: 334 Question 1
    C: QUIT
    S: 334 Question 2
    C: two words
    S: 250 2.0.0 ["QUIT","two words"]
    C: NOOP
    S: 250
  `,
  ],
  [
    "an answer sent before its question ends the session",
    asking(1),
    String.raw`
    S: 220
    C: XASK
    C: too early
    S: 554 5.5.0
    S: close
  `,
  ],
  [
    "with lenient pipelining an answer may come early",
    asking(1),
    String.raw`
    S: 220
    C: XASK
    C: early
    S: 334
    S: 250 2.0.0 ["early"]
  `,
    { pipelining: "lenient" },
  ],
  [
    "an answer with control characters is refused, and the session goes on",
    asking(1),
    String.raw`
    S: 220
    C: XASK
    S: 334
    C: a\0b
    S: 500 5.5.2
    C: NOOP
    S: 250
  `,
  ],
  [
    "an answer that is too long is refused, and the session goes on",
    asking(1),
    String.raw`
    S: 220
    C: XASK
    S: 334
    C: ${"x".repeat(12_289)}
    S: 500 5.5.2
    C: XASK
    S: 334
    C: ${"x".repeat(480)}
    S: 250 2.0.0
  `,
  ],
  [
    "connect can refuse with a reply of its own, after which only QUIT is left (row 2)",
    refusing(554),
    String.raw`
    S: 554 5.7.1 Go away
    C: EHLO c.test
    S: 503 5.5.1
    C: MAIL FROM:<a@x.test>
    S: 503 5.5.1
    C: QUIT
    S: 221
    S: close
  `,
  ],
  [
    "after such a refusal a chunk is no commands: the session ends with it",
    refusing(554),
    String.raw`
    S: 554 5.7.1 Go away
    C: BDAT 12 LAST
    S: 503 5.5.1
    S: close
  `,
  ],
  [
    "connect can end the session with 421",
    refusing(421),
    String.raw`
    S: 421 4.7.1 Go away
    S: close
  `,
  ],
  [
    "a refused EHLO leaves the session without a name",
    refusedHelo(),
    String.raw`
    S: 220
    C: EHLO bad.test
    S: 550 5.7.1 Not you
    C: MAIL FROM:<a@x.test>
    S: 503 5.5.1
    C: HELO good.test
    S: 250 mx.test hello
    C: EHLO good.test
    S: 250-mx.test hello
    S: 250-PIPELINING
    S: 250-SIZE 26214400
    S: 250-8BITMIME
    S: 250-SMTPUTF8
    S: 250-ENHANCEDSTATUSCODES
    S: 250-PRDR
    S: 250-CHUNKING
    S: 250-BINARYMIME
    S: 250-LIMITS RCPTMAX=1000 MAILMAX=10000
    S: 250 X-GOOD 1 2
  `,
  ],
];
for (const [name, app, script, options] of dialogues) {
  test(name, async () => await dialogue(app, script, options));
}

function refusing(code: number): Postern {
  return new Postern().connect(() => reply(code, code < 500 ? "4.7.1" : "5.7.1", "Go away"));
}

function refusedHelo(): Postern {
  return new Postern().helo((c) =>
    c.req.param("host") === "bad.test"
      ? reply(550, "5.7.1", "Not you")
      : c.text("hello\nX-GOOD 1 2\n\n-no keyword\nno ü\nX  Y\n250-\x07")
  );
}

test("a question takes a reply between 300 and 399, and one at a time", async () => {
  const errors: string[] = [];
  const app = new Postern();
  app.command("XASK", async (c) => {
    const { prompt } = c.var;
    errors.push(await prompt(reply(250, "2.0.0", "no question")).catch((error) => error.message));
    const first = prompt(reply(334, "", "first"));
    errors.push(await prompt(reply(334, "", "second")).catch((error) => error.message));
    return c.text(await first ?? "");
  });
  await dialogue(app, "S: 220\nC: XASK\nS: 334 first\nC: one\nS: 250 2.0.0 one\nC: QUIT\nS: 221\nS: close");
  expect(errors).toEqual([
    "Cannot ask the client with code 250: a reply that expects an answer is 300 to 399",
    "Cannot ask the client: it has not answered the question before",
  ]);
});

test("a question that the handler does not wait for is answered before the command is", async () => {
  const app = new Postern();
  let late: Promise<string | undefined> | undefined;
  app.command("XASK", (c) => {
    const { prompt } = c.var;
    late = prompt(reply(334, "", "well?"))
      .then(() => new Promise((resolve) => setTimeout(resolve, 20)))
      .then(() => prompt(reply(334, "", "never asked")));
    return c.text("done");
  });
  await dialogue(app, "S: 220\nC: XASK\nS: 334 well?\nC: MAIL\nS: 250 2.0.0 done\nC: NOOP\nS: 250\nC: QUIT\nS: 221");
  expect(await late).toBeUndefined();
});

test("whoever goes away in the middle of a question is not waited for", async () => {
  let heard: string | undefined = "something";
  const app = new Postern();
  app.command("XASK", async (c) => {
    heard = await c.var.prompt(reply(334, "", "well?"));
    return c.text("done");
  });
  const client = new TestClient(app);
  expect((await client.reply()).code).toBe(220);
  expect((await client.command("XASK")).code).toBe(334);
  await client.close();
  expect(heard).toBeUndefined();
});

test("the time a client takes to answer is not the handler's", async () => {
  const app = asking(1);
  const client = new TestClient(app, { timeouts: { handler: 40 } });
  await client.reply();
  expect((await client.command("XASK")).code).toBe(334);
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect((await client.command("here")).raw).toBe('250 2.0.0 ["here"]');
  await client.close();
});

test("a client that does not answer is told 421 in the end", async () => {
  const client = new TestClient(asking(1), { timeouts: { command: 40 } });
  await client.reply();
  expect((await client.command("XASK")).code).toBe(334);
  expect((await client.closed()).map((each) => each.code)).toEqual([421]);
  await client.close();
});

const replaceable = ["VRFY", "EXPN", "HELP", "NOOP", "ETRN"];
for (const verb of replaceable) {
  test(`${verb} can have an answer of the application's own`, async () => {
    const app = new Postern();
    app.command(
      verb,
      (c) => reply(250, "2.1.5", [c.var.verb, c.var.argument, c.var.envelope?.from?.address ?? "none"]),
    );
    await dialogue(
      app,
      `S: 220
       C: EHLO c.test
       S: 250
       C: ${verb} a b
       S: 250-2.1.5 ${verb}
       S: 250-2.1.5 a b
       S: 250 2.1.5 none
       C: MAIL FROM:<a@x.test>
       S: 250
       C: ${verb} c
       S: 250-2.1.5 ${verb}
       S: 250-2.1.5 c
       S: 250 2.1.5 a@x.test`,
    );
  });
}
