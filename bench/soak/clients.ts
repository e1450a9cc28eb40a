/** The clients of a soak that behave well: whatever else goes on, they must get right answers. */

import { WireClient } from "../../test/wire.ts";
import { handlerFaults, idField } from "./apps.ts";
import type { Ledger } from "./ledger.ts";

/** A message, dots and end included. */
export function message(id: string, octets: number): string {
  const line = `${"x".repeat(76)}\r\n`;
  return `From: a@client.test\r\n${idField}: ${id}\r\n\r\n${line.repeat(Math.ceil(octets / 78))}.\r\n`;
}

/** A whole number below `most`. */
export function random(most: number): number {
  return Math.floor(Math.random() * most);
}

/** Waits no longer than a minute: a server that does not answer is a finding, too. */
export async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) =>
    timer = setTimeout(() => reject(new Error(`${what}: no end`)), 60_000)
  );
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Sends a few messages over one connection, and says QUIT. Complains of each answer that is not the right one. */
export async function behave(port: number, ledger: Ledger): Promise<void> {
  let client: WireClient | undefined;
  try {
    client = await WireClient.connect({ port });
    await expect(client.reply(), 220, "the greeting");
    await expect(client.command("EHLO client.test"), 250, "EHLO");
    for (let left = 1 + random(10); left > 0; left--) await sendOne(client, ledger);
    await expect(client.command("QUIT"), 221, "QUIT");
  } catch (error) {
    ledger.complain(`${error instanceof Error ? error.message : error}`);
  } finally {
    client?.destroy();
  }
}

async function sendOne(client: WireClient, ledger: Ledger): Promise<void> {
  const id = ledger.newId();
  const isFaulty = random(8) === 0;
  const faults = Object.keys(handlerFaults);
  const fault = faults[random(faults.length)]!;
  const recipients = isFaulty ? [`${fault}@fault.test`] : ["a@ok.test", "b@ok.test"].slice(0, 1 + random(2));
  if (isFaulty) ledger.count(`handler: ${fault}`);
  const wanted = isFaulty ? handlerFaults[fault]! : 250;
  const octets = random(10) === 0 ? random(600_000) : random(4000);
  await expect(client.command("MAIL FROM:<a@client.test>"), 250, "MAIL");
  for (const recipient of recipients) await expect(client.command(`RCPT TO:<${recipient}>`), 250, "RCPT");
  await expect(client.command("DATA"), 354, "DATA");
  client.write(message(id, octets));
  await expect(client.reply(), wanted, `the end of ${octets} octets for ${recipients}`);
  if (isFaulty) return;
  for (const recipient of recipients) ledger.answer(`${id} ${recipient.split("@")[0]}`);
}

async function expect(reply: Promise<{ readonly code: number }>, code: number, what: string): Promise<void> {
  const got = await inTime(reply, what);
  if (got.code !== code) throw new Error(`${what}: wanted ${code}, got ${JSON.stringify(got)}`);
}
