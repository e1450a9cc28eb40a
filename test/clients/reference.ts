/**
 * A server that is not ours (Debian's aiosmtpd): the control for the clients. When a client fails against Postern and
 * succeeds against this one, Postern is to blame.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Mechanism } from "./client.ts";
import { skipped } from "./found.ts";
import { run, type Running, start } from "./run.ts";

// The interpreter that Debian's Python packages belong to; another one on PATH does not see them.
const python = "/usr/bin/python3";

export interface ReferenceOptions {
  /** PEM files. With them STARTTLS is offered, or with `implicitTls` TLS is spoken from the first byte. */
  readonly cert?: string;
  readonly key?: string;
  readonly implicitTls?: boolean;
  /** Asks for a client certificate of this authority; takes none as well. */
  readonly ca?: string;
  /** Those that AUTH offers. Default: none. */
  readonly mechanisms?: readonly Mechanism[];
  readonly user?: string;
  readonly password?: string;
  readonly lmtp?: boolean;
  /** Listens on this path instead of a port. */
  readonly unix?: string;
  /** Wants a PROXY header, version 1 or 2, first. */
  readonly proxy?: boolean;
  /** Replies to the first messages, in order; afterwards 250. */
  readonly replies?: readonly string[];
}

/** What the server says about itself and its clients. */
export type ReferenceEvent =
  | { readonly event: "listening"; readonly port: number }
  | ReferenceProxy
  | { readonly event: "auth"; readonly mechanism: string; readonly ok: boolean }
  | ReferenceMessage;

/** The header of the PROXY protocol. */
export interface ReferenceProxy {
  readonly event: "proxy";
  readonly version: number;
  /** PROXY or LOCAL; null in version 1. */
  readonly command: string | null;
  readonly source: string;
  readonly tlvs: readonly string[];
}

/** A message that came in, whatever the reply. */
export interface ReferenceMessage {
  readonly event: "message";
  readonly reply: string;
  readonly helo: string;
  readonly extended: boolean;
  readonly auth: string | null;
  readonly tls: string | null;
  /** The common name of the client's certificate. */
  readonly certificate: string | null;
  readonly from: string;
  readonly to: readonly string[];
  readonly mail_options: readonly string[];
  /** As it arrived, dots unstuffed. */
  readonly bytes: Uint8Array;
}

/** A running reference server; `await using` stops it. */
export interface Reference extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly events: () => readonly ReferenceEvent[];
  /** The messages so far. Use `arrived` for those that must be there: what the server tells takes its time. */
  readonly messages: () => readonly ReferenceMessage[];
  /** Waits for so many messages and returns all there are; rejects after 15 s. */
  readonly arrived: (count: number) => Promise<readonly ReferenceMessage[]>;
}

/** Whether Debian's aiosmtpd is there. */
export async function available(): Promise<boolean> {
  const outcome = await run(python, ["-c", "import aiosmtpd"]).catch(() => undefined);
  return outcome?.code === 0 || skipped("python3-aiosmtpd is not installed (.ci/debian.sh installs it)");
}

/** Starts the server on a free port of 127.0.0.1, or on a Unix socket. */
export async function startReference(options: ReferenceOptions = {}): Promise<Reference> {
  const script = fileURLToPath(new URL("reference_server.py", import.meta.url));
  const server: Running = start(python, ["-W", "ignore", script, JSON.stringify(options)]);
  const [, port] = await server.stdout.saw(/"event": "listening", "port": (\d+)\}/);
  const events = (): ReferenceEvent[] => server.stdout.text.split("\n").slice(0, -1).flatMap(parseEvent);
  const messages = (): ReferenceMessage[] => events().filter((event) => event.event === "message");
  return {
    host: "127.0.0.1",
    port: Number(port),
    events,
    messages,
    arrived: (count) =>
      server.stdout.until(() => messages().length < count ? undefined : messages(), `${count} messages`),
    [Symbol.asyncDispose]: async () => {
      server.end();
      await server.stop();
    },
  };
}

function parseEvent(line: string): ReferenceEvent[] {
  if (!line.startsWith('{"event"')) return [];
  const event = JSON.parse(line);
  if (event.event === "message") event.bytes = Uint8Array.from(atob(event.data), (c) => c.charCodeAt(0));
  return [event];
}
