/** Clients that speak TLS, well or badly. */

import { type ChildProcess, spawn } from "node:child_process";
import { connect as connectInClear, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { WireClient } from "../wire.ts";

/** A connection in the clear, and what came on it as text. */
export class RawClient {
  readonly socket: Socket;
  received = "";
  hasEnded = false;
  #wake: (() => void) | undefined;
  readonly #take = (bytes: Uint8Array): void => {
    this.received += latin1(bytes);
    this.#wake?.();
  };

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", this.#take).on("error", () => {}).on("close", () => {
      this.hasEnded = true;
      this.#wake?.();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connectInClear({ port, host: "127.0.0.1" });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawClient(socket);
  }

  write(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Waits until `count` whole replies of one or more lines are here, and takes them. */
  async replies(count: number): Promise<string[]> {
    const found: string[] = [];
    while (found.length < count) {
      const reply = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/.exec(this.received)?.[0];
      if (reply !== undefined) {
        found.push(reply.trimEnd());
        this.received = this.received.slice(reply.length);
      } else if (this.hasEnded) throw new Error(`The server closed; unread: ${JSON.stringify(this.received)}`);
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return found;
  }

  /** Waits for the end of the connection; gives what came and was not taken. */
  async end(): Promise<string> {
    while (!this.hasEnded) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.received;
  }

  /** Shakes hands; the rest of the connection is the returned client's. */
  async startTls(options: ConnectionOptions = {}, afterHello = ""): Promise<WireClient> {
    this.socket.off("data", this.#take);
    this.socket.pause();
    return WireClient.over(await shakeHands(appending(this.socket, afterHello), options));
  }
}

/** EHLO, STARTTLS, handshake. */
export async function startTls(port: number, options?: ConnectionOptions): Promise<WireClient> {
  const raw = await RawClient.connect(port);
  raw.write("EHLO client.test\r\n");
  await raw.replies(2);
  raw.write("STARTTLS\r\n");
  await raw.replies(1);
  return await raw.startTls(options);
}

/** A handshake first, as on port 465. */
export async function implicitTls(port: number, options: ConnectionOptions = {}): Promise<WireClient> {
  const socket = connectInClear({ port, host: "127.0.0.1" });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return WireClient.over(await shakeHands(socket, options));
}

/** The name on the certificate that the server showed. */
export function shownName(client: WireClient): string {
  return [(client.socket as TLSSocket).getPeerCertificate().subject.CN].flat().join();
}

function shakeHands(stream: Duplex, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ socket: stream, rejectUnauthorized: false, ...options } as ConnectionOptions);
  return new Promise((resolve, reject) => {
    socket.once("secureConnect", () => resolve(socket)).once("error", reject);
    socket.once("close", () => reject(new Error("The server closed the connection during the handshake")));
  });
}

/** The same stream, but what is written first is followed at once by `text`, in the clear. */
function appending(socket: Socket, text: string): Duplex {
  if (text === "") return socket;
  let rest = text;
  const stream = new Duplex({
    read(): void {
      socket.resume();
    },
    write(bytes: Uint8Array, _, done): void {
      socket.write(Uint8Array.from([...bytes, ...new TextEncoder().encode(rest)]), () => done());
      rest = "";
    },
  });
  socket.on("data", (bytes) => stream.push(bytes)).on("end", () => stream.push(null));
  socket.on("close", () => stream.destroy());
  return stream;
}

/**
 * Runs `openssl s_client` until it ends. Each text is handed to it once what was printed since the last one matches; it
 * sends the first when it has shaken hands. A line that begins with R or Q is an order to openssl. With nothing left to
 * say it hangs up, or waits for the server with `-quiet`.
 *
 * It prints over three buffers: what the server says may begin in the middle of a line.
 *
 * @returns all that it printed.
 */
export async function openssl(
  args: readonly string[],
  say: readonly (readonly [RegExp, string])[],
): Promise<string> {
  const child: ChildProcess = spawn("openssl", ["s_client", ...args]);
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  let output = "";
  let hasEnded = false;
  let wake: (() => void) | undefined;
  function hear(chunk: Uint8Array): void {
    output += latin1(chunk);
    wake?.();
  }
  child.stdout!.on("data", hear);
  child.stderr!.on("data", hear);
  child.stdin!.on("error", () => {});
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve())).then(() => {
    hasEnded = true;
    wake?.();
  });
  let heard = 0;
  for (const [after, text] of say) {
    let match = after.exec(output.slice(heard));
    while (match === null && !hasEnded) {
      await new Promise<void>((resolve) => wake = resolve);
      match = after.exec(output.slice(heard));
    }
    heard += (match?.index ?? 0) + (match?.[0].length ?? 0);
    child.stdin!.write(text);
  }
  child.stdin!.end();
  await closed;
  clearTimeout(timer);
  return output;
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
