/** A server without a network: an app, a socket in memory, and a client that reads replies. */

import type { MailHandler } from "../../src/app/handler.ts";
import { Inbox } from "../../src/inbox.ts";
import type { ServeOptions } from "../../src/options.ts";
import { type Server, start } from "../../src/server.ts";
import type { Socket, TlsInfo } from "../../src/socket.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a connection is like. */
export interface Circumstances {
  readonly address?: string;
  readonly tls?: TlsInfo;
  readonly channelBinding?: (type: "tls-exporter" | "tls-server-end-point") => Uint8Array | undefined;
}

/** One end for the server, the other for a test. */
export class Client implements Socket {
  readonly local = { address: "127.0.0.1", port: 25 };
  readonly remote: { readonly address: string; readonly port: number };
  readonly tls: TlsInfo | undefined;
  readonly channelBinding?: NonNullable<Socket["channelBinding"]>;
  readonly #toServer = new Inbox(() => {}, () => {});
  readonly #toClient = new Inbox(() => {}, () => {});
  #isClosed = false;
  #received = "";
  /** All that the server wrote. */
  transcript = "";

  constructor({ address = "192.0.2.1", tls, channelBinding }: Circumstances) {
    this.remote = { address, port: 1025 };
    this.tls = tls;
    if (channelBinding !== undefined) this.channelBinding = channelBinding;
  }

  read(): Promise<Uint8Array | null> {
    return this.#toServer.read();
  }

  write(bytes: Uint8Array): undefined {
    if (this.#isClosed) return;
    this.transcript += decoder.decode(bytes);
    this.#toClient.push(bytes.slice());
  }

  close(): void {
    this.#isClosed = true;
    this.#toServer.discard();
    this.#toClient.end();
  }

  destroy(): void {
    this.close();
  }

  /** Sends lines, in one piece, and reads the reply to the last of them. */
  async ask(...lines: string[]): Promise<string> {
    this.send(lines.map((line) => `${line}\r\n`).join(""));
    return await this.reply();
  }

  send(text: string): void {
    this.#toServer.push(encoder.encode(text));
  }

  /** The client goes away. */
  hangUp(): void {
    this.#toServer.end();
  }

  /** The next whole reply, its CRLF between lines as `\n`; or "closed". */
  async reply(): Promise<string> {
    while (true) {
      const whole = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/.exec(this.#received)?.[0];
      if (whole !== undefined) {
        this.#received = this.#received.slice(whole.length);
        return whole.trimEnd().replaceAll("\r", "") + (/ \r\n$/.test(whole) ? " " : "");
      }
      const bytes = await this.#toClient.read();
      if (bytes === null) return "closed";
      this.#received += decoder.decode(bytes);
    }
  }
}

/** A server that clients connect to by calling `connect`. */
export interface MemoryServer extends Server {
  /** Reads the greeting, and the reply to EHLO unless told otherwise. */
  connect(circumstances?: Circumstances, greeting?: "EHLO" | "HELO" | "none"): Promise<Client>;
}

/** Serves an app in memory: AUTH in clear is allowed, and failures are not slow, unless options say otherwise. */
export async function serve(app: MailHandler, options: ServeOptions = {}): Promise<MemoryServer> {
  let accept: ((socket: Socket) => void) | undefined;
  const timeouts = { authFailureDelay: 0, ...options.timeouts };
  const server = await start(app, { name: "mx.test", allowInsecureAuth: true, ...options, timeouts }, (_, given) => {
    accept = given;
    return Promise.resolve({ port: 0, hostname: "", close: () => {} });
  });
  async function connect(circumstances: Circumstances = {}, greeting = "EHLO"): Promise<Client> {
    const client = new Client(circumstances);
    accept?.(client);
    await client.reply();
    if (greeting !== "none") await client.ask(`${greeting} client.test`);
    return client;
  }
  // Spread would read `sessions` once and for all.
  return Object.defineProperties({ connect } as MemoryServer, Object.getOwnPropertyDescriptors(server));
}

/** base64 of UTF-8. */
export function base64(text: string): string {
  return btoa(String.fromCharCode(...encoder.encode(text)));
}

/** The text behind a 334. */
export function challengeOf(reply: string): string {
  if (!reply.startsWith("334 ")) throw new Error(`Expected a challenge, but the reply is ${reply}`);
  return decoder.decode(Uint8Array.from(atob(reply.slice(4)), (byte) => byte.charCodeAt(0)));
}

/** TLS as a socket shows it. */
export const tls: TlsInfo = { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" };
