/** What a receiving server must answer, asked of one runtime over real sockets. Each test names the rows it proves. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hold } from "../../src/testing/dialogue.ts";
import { Runtime, type RuntimeName, type Served } from "../runtime.ts";
import { type Cut, WireClient } from "../wire.ts";
import { authRows } from "./auth.ts";
import { compareDelivered, readCases } from "./cases.ts";
import { dataRows } from "./data.ts";
import { endingRows } from "./ending.ts";
import { limitRows } from "./limits.ts";
import { recipientRows } from "./recipients.ts";

/** A runtime, once it runs. */
export interface Subject {
  readonly name: RuntimeName;
  runtime: Runtime;
}

/** The whole suite on one runtime. */
export function conformance(name: RuntimeName): void {
  const subject = { name } as Subject;
  describe(name, () => {
    beforeAll(async () => {
      subject.runtime = await Runtime.start(name);
    });
    afterAll(async () => await subject.runtime[Symbol.asyncDispose]());
    for (const cut of ["whole", "byte by byte"] as const) describe(cut, () => dialogues(subject, cut));
    dataRows(subject);
    recipientRows(subject);
    limitRows(subject);
    authRows(subject);
    endingRows(subject);
  });
}

function dialogues(subject: Subject, cut: Cut): void {
  /** One server for each app with its options: starting it is the slow part. */
  const servers = new Map<string, Promise<Served>>();
  afterAll(async () => {
    for (const served of servers.values()) await (await served).close(0);
  });
  for (const { title, app, options, isCut, script, delivered } of readCases()) {
    if (isCut && cut !== "whole") continue;
    test(title, async () => {
      const key = JSON.stringify([app, options]);
      if (!servers.has(key)) servers.set(key, subject.runtime.serve(app, options));
      const served = await servers.get(key)!;
      await served.deliveries();
      const client = await WireClient.connect({ port: served.port }, cut);
      try {
        await hold(client, script);
      } finally {
        client.destroy();
      }
      const [wanted, seen] = compareDelivered(delivered, await served.deliveries());
      expect(seen).toEqual(wanted);
    });
  }
}

/** Serves an app for as long as the body runs. */
export async function serving(
  subject: Subject,
  ...[app, options, body]: [...Parameters<Runtime["serve"]>, (served: Served) => Promise<void>]
): Promise<void> {
  const served = await subject.runtime.serve(app, options);
  try {
    await body(served);
  } finally {
    await served.close(0);
  }
}

/** A client with an envelope already accepted. */
export async function envelope(port: number, recipients: readonly string[] = ["b@y.test"]): Promise<WireClient> {
  const client = await WireClient.connect({ port });
  await expectCodes(client, [220]);
  await client.command("EHLO c.test");
  await client.command("MAIL FROM:<a@x.test>");
  for (const recipient of recipients) {
    const { code, raw } = await client.command(`RCPT TO:<${recipient}>`);
    if (code !== 250) throw new Error(`${recipient}: ${raw}`);
  }
  return client;
}

/** Reads as many replies as there are codes, and compares. */
export async function expectCodes(client: WireClient, codes: readonly number[]): Promise<void> {
  const seen: number[] = [];
  for (const _ of codes) seen.push((await client.reply()).code);
  expect(seen).toEqual([...codes]);
}
