/**
 * One server with TLS for many programs at a time: by STARTTLS on one port, from the first byte on another.
 *
 * @module
 */

import type { ServeOptions } from "postern";
import type { Delivered } from "../fixture/apps.ts";
import type { Secured } from "../fixture/secure.ts";
import { Runtime, type RuntimeName, type Served } from "../runtime.ts";
import type { Certificates } from "./certificates.ts";
import type { Mechanism } from "./client.ts";

/** What the fixture's app `secure` lets one log in by, but for the bound SCRAM. */
export const mechanismsOfServer: readonly Mechanism[] = [
  "PLAIN",
  "LOGIN",
  "CRAM-MD5",
  "XOAUTH2",
  "OAUTHBEARER",
  "SCRAM-SHA-1",
  "SCRAM-SHA-256",
  "EXTERNAL",
];

/** A message, and what the app told of it. */
export type Arrived = Pick<Delivered, "from" | "sha256"> & Secured;

/** Where one app listens, by the way TLS begins. */
export interface Targets {
  readonly starttls: { readonly host: string; readonly port: number };
  readonly implicit: { readonly host: string; readonly port: number };
}

/** A runtime that serves `secure`. Each program sends to a recipient of its own, so that all can do so at once. */
export class SecureServer implements AsyncDisposable {
  readonly all: Targets;
  /** The same app, but the only mechanism is XOAUTH2. */
  readonly xoauth2: Targets;
  readonly #runtime: Runtime;
  readonly #served: readonly Served[];
  readonly #files: Certificates;
  readonly #arrived: Delivered[] = [];

  private constructor(runtime: Runtime, served: readonly [Served, Served], files: Certificates) {
    this.#runtime = runtime;
    this.#served = served;
    this.#files = files;
    this.all = targets(served[0]);
    this.xoauth2 = targets(served[1]);
  }

  static async start(name: RuntimeName, files: Certificates): Promise<SecureServer> {
    const runtime = await Runtime.start(name);
    const hostname = "127.0.0.1";
    const options: ServeOptions = {
      listeners: [{ port: 0, hostname }, { port: 0, hostname, implicitTls: true }],
      tls: { ...files.server, ca: files.ca, requestCert: true },
      limits: { authFailuresPerAddress: 10_000 },
      timeouts: { authFailureDelay: 1 },
    };
    const all = await runtime.serve("secure", options);
    return new SecureServer(runtime, [all, await runtime.serve("secureXoauth2", options)], files);
  }

  /** The messages to a recipient so far. */
  async arrived(recipient: string): Promise<Arrived[]> {
    for (const served of this.#served) this.#arrived.push(...await served.deliveries());
    return this.#arrived.filter((each) => each.recipient === recipient)
      .map(({ from, sha256, content }) => ({ from, sha256, ...JSON.parse(content!) as Secured }));
  }

  /** Serves the same app where logins are taken in clear, too. */
  async serveInClear(): Promise<Served> {
    return await this.#runtime.serve("secure", { tls: this.#files.server, allowInsecureAuth: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const served of this.#served) await served.close(0);
    await this.#runtime[Symbol.asyncDispose]();
  }
}

function targets({ ports: [starttls = 0, implicit = 0] }: Served): Targets {
  return { starttls: { host: "127.0.0.1", port: starttls }, implicit: { host: "127.0.0.1", port: implicit } };
}

/** Lets only so many run at a time. */
export function atMost(count: number): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (run) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
