/** Where connections of trusted proxies wait for their PROXY header, before anything is said or encrypted. */

import type { AddressList } from "../protocol/addresslist.ts";
import { parseProxyHeader, type ProxyFault, type ProxyHeader } from "../protocol/proxy.ts";
import type { Deadline, Deadlines } from "../session/deadline.ts";
import type { Socket } from "../socket.ts";
import type { Credentials } from "../tls/credentials.ts";
import { ProxiedSocket } from "./socket.ts";

/** What a gate needs. */
export interface GateOptions {
  /** Who must send a header. What others send is never looked at as one. */
  readonly trusted: AddressList;
  /** Milliseconds for the whole header. */
  readonly timeout: number;
  /** How many may wait at a time; more are dropped. */
  readonly most: number;
  /** Who looks at deadlines. */
  readonly deadlines: Deadlines;
  /** Told of a connection that was dropped. Not told of one that ended without a byte: that was a health check. */
  failed(proxy: string, reason: string): void;
}

/**
 * The gate.
 *
 * A listed address that sends no header is dropped: "the receiver must not guess" (section 2), and a client that got
 * there past its proxy could write a header of its own. There could be no guessing in SMTP anyway, where the server
 * speaks first.
 */
export class ProxyGate {
  readonly #options: GateOptions;
  readonly #waiting = new Set<Arrival>();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /**
   * Hands a connection on: at once, or without its header once that is in.
   *
   * @param credentials what implicit TLS behind the header is to be encrypted with.
   */
  pass(socket: Socket, credentials: Credentials | undefined, next: (socket: Socket) => void): void {
    const { trusted, most, timeout } = this.#options;
    if (!trusted.includes(socket.remote.address)) return next(socket);
    if (this.#waiting.size >= most) return this.#drop(socket, "too many connections wait for theirs");
    this.#wait(new Arrival(socket, timeout), credentials, next);
  }

  /** Drops whoever waits. */
  close(): void {
    for (const arrival of this.#waiting) arrival.socket.destroy();
  }

  async #wait(
    arrival: Arrival,
    credentials: Credentials | undefined,
    next: (socket: Socket) => void,
  ): Promise<void> {
    const { deadlines } = this.#options;
    this.#waiting.add(arrival);
    deadlines.add(arrival);
    const result = await arrival.header();
    deadlines.delete(arrival);
    this.#waiting.delete(arrival);
    if (result === undefined) arrival.socket.destroy();
    else if ("fault" in result) this.#drop(arrival.socket, result.fault);
    else next(new ProxiedSocket(arrival.socket, result, arrival.rest, credentials));
  }

  /** Without a word: whoever is there does not speak as agreed. */
  #drop(socket: Socket, reason: string): void {
    socket.destroy();
    this.#options.failed(socket.remote.address, reason);
  }
}

const nothing = new Uint8Array(0);

/** One connection that waits. */
class Arrival implements Deadline {
  readonly socket: Socket;
  readonly deadline: number;
  /** What came, and later what of it stands behind the header. */
  rest: Uint8Array = nothing;
  #isLate = false;

  constructor(socket: Socket, timeout: number) {
    this.socket = socket;
    this.deadline = performance.now() + timeout;
  }

  expire(): void {
    this.#isLate = true;
    this.socket.destroy();
  }

  /** The header; undefined when the connection ended without a byte. */
  async header(): Promise<ProxyHeader | ProxyFault | undefined> {
    while (true) {
      const bytes = await this.socket.read();
      if (this.#isLate) return { fault: "it took too long" };
      if (bytes === null) return this.rest.length === 0 ? undefined : { fault: "the connection ended before it did" };
      this.rest = joined(this.rest, bytes);
      const result = parseProxyHeader(this.rest);
      if (result === "incomplete") continue;
      if (!("fault" in result)) this.rest = this.rest.subarray(result.length);
      return result;
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
