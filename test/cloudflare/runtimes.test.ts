/** One app file on each runtime: the same twelve messages meet the same fate over SMTP and as an email worker. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { ClientReply } from "postern/testing";
import { stuffed } from "../../src/testing/send.ts";
import { readMail } from "../mail/check.ts";
import { Runtime, runtimeNames, type Served } from "../runtime.ts";
import { WireClient } from "../wire.ts";
import { type DoorMessage, doorMessages, type Outcome } from "./messages.ts";

setDefaultTimeout(60_000);

describe.each([...runtimeNames])("%s", (name) => {
  let runtime: Runtime;
  let served: Served;
  let worker: Outcome[];
  beforeAll(async () => {
    runtime = await Runtime.start(name);
    served = await runtime.serve("doors", { name: "localhost" });
    worker = await runtime.order({ do: "email" }) as Outcome[];
  });
  afterAll(async () => {
    await served.close(0);
    await runtime[Symbol.asyncDispose]();
  });

  test.each(
    doorMessages.map((message, index) =>
      [`${message.name} from <${message.from}> to ${message.to}`, message, index] as const
    ),
  )("%s", async (_, message, index) => {
    const outcome = await bySmtp(served.port, message);
    expect(outcome.outcome).toBe(message.outcome);
    expect(worker[index]).toEqual(outcome);
  });

  test("an email worker runs there, too: it reads, refuses, sends on, and fails where nobody sends", async () => {
    const reverse = await runtime.serve("worker");
    const mail = { name: "plain", from: "alice@example.org", outcome: "taken" } as const;
    const [, subject] = /^Subject: (.*)\r$/m.exec(new TextDecoder().decode(readMail("plain")))!;
    expect(await bySmtp(reverse.port, { ...mail, to: "read@example.com" })).toEqual({
      outcome: "refused",
      text: `alice@example.org ${subject} true`,
    });
    expect(await bySmtp(reverse.port, { ...mail, to: "forward@example.com" })).toEqual({ outcome: "taken" });
    const [sent] = await reverse.deliveries();
    expect(sent).toMatchObject({ from: "alice@example.org", recipient: "c@example.net" });
    expect(sent!.content).toBe(new TextDecoder("latin1").decode(readMail("plain")));
    expect((await bySmtp(reverse.port, { ...mail, to: "forward-nowhere@example.com" })).outcome).toBe("later");
    await reverse.close(0);
  });
});

/** Over a socket: what a client hears, in the words of a worker. */
async function bySmtp(port: number, { name, from, to, parameters }: DoorMessage): Promise<Outcome> {
  const client = await WireClient.connect({ port });
  try {
    await client.reply();
    await client.command("EHLO client.test");
    const commands = [`MAIL FROM:<${from}>${parameters === undefined ? "" : ` ${parameters}`}`, `RCPT TO:<${to}>`];
    for (const line of [...commands, "DATA"]) {
      const reply = await client.command(line);
      if (reply.code >= 400) return outcomeOf(reply);
    }
    client.write(stuffed(readMail(name)));
    return outcomeOf(await client.reply());
  } finally {
    client.destroy();
  }
}

function outcomeOf({ code, lines }: ClientReply): Outcome {
  if (code < 400) return { outcome: "taken" };
  return code < 500 ? { outcome: "later" } : { outcome: "refused", text: lines.join(" ") };
}
