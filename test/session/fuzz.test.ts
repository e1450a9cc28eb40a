/**
 * Sessions of commands made up at random: no crash, no hang, no reply out of step, and nothing left behind.
 *
 * `FUZZ_SEED` and `FUZZ_SECONDS` make other sessions, and more of them.
 */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { takeReplies } from "../../src/testing/reply.ts";
import { toBytes } from "../protocol/oracle.ts";
import { Machine, segments } from "./machine.ts";

const seed = Number(process.env.FUZZ_SEED ?? 20_261_122);
const seconds = Number(process.env.FUZZ_SECONDS ?? 6);

/** What the client does in one go, and what it sends when it is told to go on. */
interface Step {
  readonly send: string;
  /** Behind a 354. */
  readonly data: string;
}

const octet = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const special = fc.constantFrom("\r\n", ".", "\r\n.\r", "\n", "\r", "\0", "x", " ", "\r\nQUIT\r\n", "é", "BDAT 9\r\n");
const text = fc.array(fc.oneof({ weight: 4, arbitrary: special }, octet), { maxLength: 40 }).map((parts) =>
  parts.join("")
);

/** A message, or something like it, with its true end behind it. */
const data = text.map((body) => `${body.replace(/\r\n\.\r\n|^\.\r\n/g, "")}\r\n.\r\n`).filter((body) =>
  `\r\n${body}`.indexOf("\r\n.\r\n") === body.length - 3
);

const path = fc.constantFrom(
  ...["<a@x.test>", "<>", "<b@y.test>", "<refused@y.test>", "<reject@y.test>", "<later@y.test>", "<ü@y.test>", "<a@>"],
  ...[
    "<postmaster>",
    '<"a b"@y.test>',
    "<@h.test:u@y.test>",
    "<u@[127.0.0.1]>",
    "a@x.test",
    "<a\0@x.test>",
    "<a@x.test",
  ],
);
const parameter = fc.constantFrom(
  ...["", "", " SIZE=10", " SIZE=x", " SIZE=999999999", " BODY=BINARYMIME", " BODY=8BITMIME", " SMTPUTF8", " FOO=1"],
  ...[" RET=HDRS ENVID=x", " NOTIFY=NEVER", " ORCPT=rfc822;a+00", " BY=1;R", " HOLDFOR=1", " MT-PRIORITY=1", "  "],
);
const line = fc.oneof(
  fc.constantFrom("EHLO c.test", "HELO c.test", "EHLO", "ehlo [::1]", "RSET", "RSET x", "NOOP", "NOOP x", "HELP", ""),
  fc.constantFrom(
    "VRFY a",
    "EXPN a",
    "ETRN a",
    "STARTTLS",
    "AUTH PLAIN",
    "FOO",
    "XFOO bar",
    "LHLO x",
    "TURN",
    "DATA x",
  ),
  fc.tuple(fc.constantFrom("MAIL FROM:", "MAIL FROM: ", "mail from:", "MAIL"), path, parameter).map((all) =>
    all.join("")
  ),
  fc.tuple(fc.constantFrom("RCPT TO:", "rcpt to:", "RCPT"), path, parameter).map((all) => all.join("")),
  // Not what ends the session: a length that is none, HTTP, QUIT. Those have tests of their own.
  text.filter((words) => !words.includes("\r\n") && !/^\x16|^BDAT|^QUIT/i.test(words)),
);

const chunk = fc.tuple(text, fc.constantFrom("", "", " LAST", " last"))
  .map(([body, last]) => `BDAT ${body.length}${last}\r\n${body}`);

const step: fc.Arbitrary<Step> = fc.record({
  send: fc.oneof(
    { weight: 4, arbitrary: line.map((words) => `${words}\r\n`) },
    { weight: 2, arbitrary: chunk },
    { weight: 2, arbitrary: fc.constant("DATA\r\n") },
    // Something that goes well brings the others further.
    { weight: 2, arbitrary: fc.constant("EHLO c.test\r\n") },
    { weight: 3, arbitrary: fc.constant("MAIL FROM:<a@x.test>\r\n") },
    { weight: 3, arbitrary: fc.constant("RCPT TO:<b@y.test>\r\n") },
  ),
  data,
});

const settings = {
  maxSize: 200,
  extensions: { dsn: true, deliverBy: true, mtPriority: true, rrvs: true, noSoliciting: true, requireTls: true },
  limits: { errors: 10_000, junkCommands: 10_000 },
} as const;

/** A client that waits for each reply. */
class Client {
  readonly machine: Machine = new Machine(settings);
  #read = 0;

  async reply(): Promise<{ readonly code: number; readonly text: string }> {
    for (let turns = 0; turns < 10_000; turns++) {
      const { replies } = takeReplies(this.machine.output.slice(this.#read));
      const [first] = replies;
      if (first !== undefined) {
        this.#read += first.raw.length + 2;
        return first;
      }
      // Files are written and handlers asked in turns of their own.
      await (turns < 50 ? Promise.resolve() : new Promise((resolve) => setImmediate(resolve)));
    }
    throw new Error("No reply came");
  }

  /** How many octets the server said that nobody read. */
  get unread(): string {
    return this.machine.output.slice(this.#read);
  }

  send(text: string, cuts: () => number): void {
    for (const segment of segments(text, cuts)) this.machine.socket.receive(segment);
  }
}

test(`random commands, each with exactly one reply, for ${seconds} seconds`, async () => {
  let sessions = 0;
  let commands = 0;
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 1, maxLength: 30 }),
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
    async (steps, lengths) => {
      sessions++;
      const client = new Client();
      let cut = 0;
      const cuts = () => lengths[cut++ % lengths.length]!;
      expect((await client.reply()).code).toBe(220);
      for (const [index, { send, data }] of steps.entries()) {
        commands++;
        client.send(send, cuts);
        const { code } = await client.reply();
        expect(code).toBeWithin(200, 600);
        if (code === 354) {
          client.send(data, cuts);
          expect((await client.reply()).code).toBeOneOf([250, 451, 550, 552, 554]);
        }
        // In step: the next reply is that to the next command.
        client.send(`XECHO ${index}\r\n`, cuts);
        const echo = await client.reply();
        expect([echo.code, echo.text]).toEqual([250, `${index}`]);
        expect(client.unread).toBe("");
      }
      client.machine.socket.receiveEnd();
      await client.machine.outcome();
    },
  );
  await fc.assert(property, {
    seed,
    numRuns: 1_000_000,
    interruptAfterTimeLimit: seconds * 1000,
    markInterruptAsFailure: false,
  });
  expect(sessions).toBeGreaterThan(100);
  expect(commands).toBeGreaterThan(1000);
}, seconds * 1000 + 30_000);

test("octets that are no SMTP at all: a session always ends when its client does", async () => {
  const noise = fc.array(fc.oneof(octet, special, line.map((words) => `${words}\r\n`), chunk), { maxLength: 60 });
  let sessions = 0;
  const property = fc.asyncProperty(noise, fc.boolean(), async (parts, isStrict) => {
    sessions++;
    const machine = new Machine({ ...settings, pipelining: isStrict ? "strict" : "lenient", limits: {} });
    machine.socket.receive(toBytes("EHLO c.test\r\n"));
    for (const part of parts) if (part !== "") machine.socket.receive(toBytes(part));
    machine.socket.receiveEnd();
    const { codes } = await machine.outcome();
    expect(codes[0]).toBe(220);
  });
  await fc.assert(property, {
    seed,
    numRuns: 1_000_000,
    interruptAfterTimeLimit: seconds * 300,
    markInterruptAsFailure: false,
  });
  expect(sessions).toBeGreaterThan(100);
}, seconds * 1000 + 30_000);
