/** A server with TLS on one runtime, and what its cases have in common. */

import { expect } from "bun:test";
import type { ServeOptions, Session } from "postern";
import type { Runtime, Served } from "../runtime.ts";
import type { WireClient } from "../wire.ts";
import type { Certificates } from "./certificates.ts";

/** A runtime, once it runs, and the server that was started there last. */
export class Subject {
  readonly made: Certificates;
  runtime: Runtime = undefined as never;
  served: Served | undefined;

  constructor(made: Certificates) {
    this.made = made;
  }

  /** Starts a server in place of the last one. */
  readonly serve = async (options: ServeOptions = {}): Promise<Served> => {
    await this.served?.close(0);
    return this.served = await this.runtime.serve("sessions", { tls: this.made.of("default"), ...options });
  };
}

export async function deliver(client: WireClient): Promise<void> {
  for (const line of ["EHLO client.test", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "DATA"]) {
    const reply = await client.command(line);
    expect(reply.code).toBeLessThan(400);
  }
  expect(await client.command("Subject: x\r\n\r\nx\r\n.")).toMatchObject({ code: 250 });
}

/** The session of the one message that was delivered. */
export async function session(server: Served): Promise<Session> {
  const [content, ...more] = (await server.deliveries()).filter(({ recipient }) => recipient !== "connect");
  expect(more).toEqual([]);
  return JSON.parse(content!.content!);
}

export async function gone(server: Served): Promise<void> {
  while (await server.sessions() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}
