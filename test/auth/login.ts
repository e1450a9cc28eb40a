/** One login to an app, and what came of it. */

import { afterEach } from "bun:test";
import type { MailHandler } from "./postern.ts";
import { base64, type Circumstances, type Client, type MemoryServer, serve } from "./wire.ts";

const servers: MemoryServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close({ grace: 0 })));
});

export interface Talk {
  readonly client: Client;
  readonly server: MemoryServer;
}

export async function connected(app: MailHandler, circumstances: Circumstances = {}): Promise<Talk> {
  const server = await serve(app);
  servers.push(server);
  return { server, client: await server.connect(circumstances) };
}

export function plain(user: string, secret: string): string {
  return `AUTH PLAIN ${base64(`\0${user}\0${secret}`)}`;
}

export function xoauth2(user: string, token: string): string {
  return `AUTH XOAUTH2 ${base64(`user=${user}\x01auth=Bearer ${token}\x01\x01`)}`;
}

/** The reply to a login, error challenges answered; and the user there is then. */
export async function login(app: MailHandler, command: string): Promise<string> {
  const { client, server } = await connected(app);
  const [session] = server.sessions;
  let answer = await client.ask(command);
  if (answer.startsWith("334 ")) answer = await client.ask("");
  return `${answer.slice(0, 9)} ${session?.user ?? "nobody"}`;
}
