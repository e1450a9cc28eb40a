/** A client that cares which of the workers it talks to. */

import process from "node:process";
import type { ClientReply } from "postern/testing";
import { WireClient } from "../wire.ts";

/** A session whose greeting was heard. */
export interface Greeted {
  readonly client: WireClient;
  readonly greeting: ClientReply;
}

/** Connects to a port, or to the path of a Unix socket. */
export async function greeted(where: number | string): Promise<Greeted> {
  const client = await WireClient.connect(typeof where === "number" ? { port: where } : { path: where });
  return { client, greeting: await client.reply() };
}

/** The process that greeted; undefined for one that did not let the client in. */
export function pidIn({ raw }: ClientReply): number | undefined {
  const [, pid] = /pid (\d+)/.exec(raw) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** Connects until it is this process that answers. */
export async function greetedBy(where: number | string, pid: number): Promise<Greeted> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const session = await greeted(where);
    if (pidIn(session.greeting) === pid) return session;
    await quit(session);
  }
  throw new Error(`Process ${pid} took none of 1000 connections`);
}

/** Ends a session, and waits until the server has ended it, too. */
export async function quit({ client }: Greeted): Promise<void> {
  client.write("QUIT\r\n");
  await client.closed();
  client.destroy();
}

/** Sends the message, and quits; what is said to it. */
export async function deliver(session: Greeted, to: string | readonly string[]): Promise<string>;
/** Sends half of the message; what is given back sends the rest. */
export async function deliver(
  session: Greeted,
  to: string | readonly string[],
  how: "halfway",
): Promise<() => Promise<string>>;
export async function deliver(
  session: Greeted,
  to: string | readonly string[],
  how?: "halfway",
): Promise<string | (() => Promise<string>)> {
  const { client } = session;
  const recipients = [to].flat().map((user) => `RCPT TO:<${user}@example.com>`);
  for (const line of ["EHLO client.test", "MAIL FROM:<sender@example.org>", ...recipients, "DATA"]) {
    const { code, raw } = await client.command(line);
    if (code >= 400) throw new Error(`${line}: ${raw}`);
  }
  client.write("Subject: the same\r\n\r\nfor all ");
  async function finish(): Promise<string> {
    const { raw } = await client.command("recipients\r\n.");
    await quit(session);
    return raw.trim();
  }
  return how === "halfway" ? finish : await finish();
}

/** Resolves once there is no such process any more. */
export async function ended(pid: number): Promise<void> {
  while (true) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
