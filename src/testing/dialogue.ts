/** A conversation written down, line by line, and held with an app. */

import type { MailHandler } from "../app/handler.ts";
import { TestClient, type TestOptions } from "./client.ts";
import type { ClientReply } from "./reply.ts";

/** What a dialogue is held with: the testing kit's client, or one on a real connection. */
export interface DialogueClient {
  /** Sends octets as they are. */
  write(data: Uint8Array): void;
  /** The next reply. */
  reply(): Promise<ClientReply>;
  /** Resolves with the replies nobody read once the server has closed the connection. */
  closed(): Promise<readonly ClientReply[]>;
}

interface Step {
  readonly number: number;
  readonly kind: "C" | "S";
  readonly text: string;
}

/**
 * Holds a dialogue with an app and compares every reply.
 *
 * - `C: line` is sent with CRLF; `C` lines that follow each other leave in one write. `\r`, `\n`, `\0`, `\t`, `\\` and
 *   `\x41` stand for single octets; a `\c` at the end of a line leaves its CRLF out.
 * - `S: 250`, `S: 250 2.1.0` or `S: 250 2.1.0 Ok` is what the next reply begins with; `…` stands for any text. Of a reply
 *   of several lines it is the last one, unless all are written down: `S: 250-mx.test` and so on.
 * - `S: close` is the end of the connection, with no reply left over.
 * - `#` begins a comment; empty lines are passed over.
 *
 * @throws {Error} at the first reply that differs, with its line.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { dialogue } from "postern/testing";
 *
 * const app = new Postern();
 * app.deliver("support@example.com", (c) => c.body(null, 204));
 * await dialogue(app, `
 *   S: 220
 *   C: EHLO client.test
 *   S: 250
 *   C: MAIL FROM:<a@example.org>
 *   C: RCPT TO:<nobody@example.com>
 *   S: 250 2.1.0
 *   S: 550 5.1.1
 *   C: QUIT
 *   S: 221 2.0.0 Bye
 *   S: close
 * `);
 * ```
 */
export async function dialogue(handler: MailHandler, script: string, options?: TestOptions): Promise<void> {
  const client = new TestClient(handler, options);
  try {
    await hold(client, script);
  } finally {
    await client.close();
  }
}

/** Holds a dialogue with whatever a client is connected to; see {@linkcode dialogue}. */
export async function hold(client: DialogueClient, script: string): Promise<void> {
  const steps = readScript(script);
  for (let at = 0; at < steps.length;) {
    const { kind } = steps[at]!;
    let end = at + 1;
    if (kind === "C") { while (steps[end]?.kind === "C") end++; }
    else while (/^\d{3}-/.test(steps[end - 1]!.text)) end++;
    const group = steps.slice(at, end);
    if (kind === "C") client.write(octets(group.map(({ text }) => lineOf(text)).join("")));
    else if (group[0]!.text === "close") await expectClose(client, group[0]!);
    else compare(group, await replyFor(client, group[0]!));
    at = end;
  }
}

function readScript(script: string): Step[] {
  const steps: Step[] = [];
  for (const [index, raw] of script.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const match = /^([CS]):(?: (.*))?$/.exec(line);
    if (match === null) {
      throw new Error(`Cannot read line ${index + 1} of the dialogue, "${line}": write "C: …" or "S: …"`);
    }
    steps.push({ number: index + 1, kind: match[1] as "C" | "S", text: match[2] ?? "" });
  }
  return steps;
}

function lineOf(text: string): string {
  return text.endsWith("\\c") ? text.slice(0, -2) : `${text}\\r\\n`;
}

const escapes: Readonly<Record<string, number>> = { r: 13, n: 10, 0: 0, t: 9, "\\": 92 };

/** UTF-8, and escapes as single octets. */
export function octets(text: string): Uint8Array {
  const parts = text.split(/(\\(?:x[0-9a-fA-F]{2}|.))/);
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  for (const part of parts) {
    if (!part.startsWith("\\")) bytes.push(...encoder.encode(part));
    else if (part.length === 4) bytes.push(parseInt(part.slice(2), 16));
    else if (escapes[part[1]!] !== undefined) bytes.push(escapes[part[1]!]!);
    else throw new Error(`Cannot read the escape "${part}" in a dialogue: there are \\r \\n \\0 \\t \\\\ and \\x41`);
  }
  return Uint8Array.from(bytes);
}

async function replyFor(client: DialogueClient, step: Step): Promise<ClientReply> {
  try {
    return await client.reply();
  } catch (cause) {
    throw new Error(`Line ${step.number}: expected "${step.text}", but the connection was closed`, { cause });
  }
}

async function expectClose(client: DialogueClient, step: Step): Promise<void> {
  const left = await client.closed();
  if (left.length > 0) throw new Error(`Line ${step.number}: expected the end, but there was "${left[0]!.raw}"`);
}

function compare(expected: readonly Step[], reply: ClientReply): void {
  const lines = reply.raw.split("\r\n");
  const compared = expected.length === 1 ? lines.slice(-1) : lines;
  const isSame = compared.length === expected.length &&
    expected.every(({ text }, index) => matches(compared[index]!, text));
  if (isSame) return;
  const wanted = expected.map(({ text }) => text).join("\n");
  throw new Error(`Line ${expected[0]!.number}: expected\n${wanted}\nbut the server said\n${reply.raw}`);
}

/** Whole words of the line, from its beginning; `…` is any text. */
function matches(line: string, expected: string): boolean {
  const pattern = expected.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*");
  return new RegExp(`^${pattern}(?:$|[ -])`).test(line) || new RegExp(`^${pattern}$`).test(line);
}
