/** The clients of a soak that behave badly, each in its own way. What they are told does not matter to them. */

import { WireClient } from "../../test/wire.ts";
import { inTime, message, random } from "./clients.ts";
import type { Ledger } from "./ledger.ts";

/** One way to behave badly. It ends by itself. */
type Fault = (port: number, ledger: Ledger) => Promise<void>;

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** A whole session in one piece, for those who cut it. */
function session(ledger: Ledger): string {
  const envelope = "MAIL FROM:<a@client.test>\r\nRCPT TO:<c@ok.test>\r\nDATA\r\n";
  return `EHLO client.test\r\n${envelope}${message(ledger.newId(), random(3000))}QUIT\r\n`;
}

/** Says a session line by line up to any octet of it, waiting for replies as a good client does. */
async function sayUpTo(client: WireClient, text: string, end: number): Promise<void> {
  const data = text.indexOf("DATA\r\n") + 6;
  await client.reply();
  let at = 0;
  while (at < end) {
    const next = at < data ? text.indexOf("\r\n", at) + 2 : text.length;
    client.write(text.slice(at, Math.min(next, end)));
    at = next;
    if (at < end) await client.reply();
  }
}

async function withClient(port: number, act: (client: WireClient) => Promise<void>): Promise<void> {
  const client = await WireClient.connect({ port });
  try {
    await inTime(act(client), "a bad client");
  } catch {
    // The server may close whenever it has had enough.
  } finally {
    client.destroy();
  }
}

/** Gone at any octet. */
const gone: Fault = (port, ledger) =>
  withClient(port, async (client) => {
    const text = session(ledger);
    await sayUpTo(client, text, random(text.length));
  });

/** Reset at any octet. */
const reset: Fault = (port, ledger) =>
  withClient(port, async (client) => {
    const text = session(ledger);
    await sayUpTo(client, text, random(text.length));
    client.socket.resetAndDestroy();
  });

/** Half closed at any octet; stays to listen. */
const halfClosed: Fault = (port, ledger) =>
  withClient(port, async (client) => {
    const text = session(ledger);
    await sayUpTo(client, text, random(text.length));
    client.end();
    await client.closed();
  });

/** Octet by octet, each in a segment of its own, with pauses; many are cut off by the server's patience. */
const slow: Fault = (port, ledger) =>
  withClient(port, async (client) => {
    const text = session(ledger);
    const end = Date.now() + 3000;
    await client.reply();
    for (const character of text) {
      if (client.socket.destroyed || Date.now() > end) return;
      client.write(character);
      await pause(random(20));
    }
  });

/** Asks and asks, and never reads an answer. */
const deaf: Fault = (port) =>
  withClient(port, async (client) => {
    client.socket.pause();
    const end = Date.now() + 3000;
    while (Date.now() < end && !client.socket.destroyed) {
      client.write("EHLO client.test\r\n".repeat(500));
      await pause(50);
    }
  });

/** 100 000 tiny commands at once. */
const tiny: Fault = (port) =>
  withClient(port, async (client) => {
    client.write("X\r\n".repeat(50_000) + "NOOP\r\n".repeat(50_000));
    await client.closed();
  });

/** Junk. */
const junk: Fault = (port) =>
  withClient(port, async (client) => {
    client.write(crypto.getRandomValues(new Uint8Array(1 + random(60_000))));
    await Promise.race([client.closed(), pause(2500)]);
  });

/** A command line without an end. */
const endlessLine: Fault = (port) =>
  withClient(port, async (client) => {
    for (let sent = 0; sent < 16 && !client.socket.destroyed; sent++) {
      client.write("x".repeat(1 << 18));
      await pause(10);
    }
  });

/** More than is taken. It hears so, and its next message is taken: the connection is as good as before. */
const tooBig: Fault = async (port, ledger) => {
  await withClient(port, async (client) => {
    const text = session(ledger);
    await sayUpTo(client, text, text.indexOf("DATA\r\n") + 6);
    await client.reply();
    const block = `${"y".repeat(78)}\r\n`.repeat(1000);
    for (let sent = 0; sent < 3 << 20 && !client.socket.destroyed; sent += block.length) {
      if (!client.socket.write(block)) await new Promise((resolve) => client.socket.once("drain", resolve));
    }
    client.write(".\r\n");
    const { code } = await client.reply();
    if (code !== 552) ledger.complain(`3 MiB where 2 are taken: wanted 552, got ${code}`);
  });
};

/** A connection, and not a word. */
const silent: Fault = (port) => withClient(port, () => pause(random(3000)));

/** All of them, by what the table of a soak calls them. */
const faults: Readonly<Record<string, Fault>> = {
  "gone at any octet": gone,
  "reset at any octet": reset,
  "half closed at any octet": halfClosed,
  "octet by octet": slow,
  "never reads a reply": deaf,
  "100 000 tiny commands": tiny,
  "junk": junk,
  "a line without an end": endlessLine,
  "a message that is too large": tooBig,
  "says nothing": silent,
};

const names: readonly string[] = Object.keys(faults);

/** Behaves badly, in one of these ways; what comes often in life comes twice as often. */
export async function misbehave(port: number, ledger: Ledger): Promise<void> {
  const name = names[random(names.length + 2) % names.length]!;
  ledger.count(name);
  await faults[name]!(port, ledger);
}
