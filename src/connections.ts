/** The live connections of a server: how many there may be, and how they end together. */

import { formatReply, type Reply } from "./protocol/reply.ts";
import { type Circumstances, Conversation } from "./session/conversation.ts";
import * as replies from "./session/replies.ts";
import type { Session } from "./session/session.ts";
import type { Socket } from "./socket.ts";
import type { Sweep } from "./sweep.ts";

const encoder = new TextEncoder();

export class Connections {
  readonly #sweep: Sweep;
  readonly #most: number;
  readonly #mostPerAddress: number;
  readonly #live = new Map<Conversation, Promise<void>>();
  readonly #perAddress = new Map<string, number>();
  #isDraining = false;
  /** How many were let in, ever. */
  accepted = 0;

  constructor(sweep: Sweep, most: number, mostPerAddress: number) {
    this.#sweep = sweep;
    this.#most = most;
    this.#mostPerAddress = mostPerAddress;
  }

  get sessions(): readonly Session[] {
    return [...this.#live.keys()].map((conversation) => conversation.session);
  }

  /** How many are here now. */
  get size(): number {
    return this.#live.size;
  }

  /** Begins a conversation, or says why not. */
  accept(socket: Socket, circumstances: Circumstances): void {
    const { address } = socket.remote;
    const fromHere = this.#perAddress.get(address) ?? 0;
    if (this.#isDraining) return turnAway(socket, replies.shuttingDown, circumstances);
    if (this.#live.size >= this.#most) return refuse(socket, "too many connections", circumstances);
    // A Unix socket has no address to tell one client from the other.
    if (address !== "" && fromHere >= this.#mostPerAddress) {
      return refuse(socket, "too many connections from one address", circumstances);
    }
    this.#perAddress.set(address, fromHere + 1);
    const conversation = new Conversation(socket, circumstances);
    this.accepted++;
    circumstances.observer.began?.(conversation, socket);
    this.#sweep.add(conversation.wire);
    this.#live.set(conversation, conversation.run().then(() => this.#remove(conversation, address)));
  }

  /** Lets everybody finish what they are in the middle of; resolves when all are gone. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const conversation of this.#live.keys()) conversation.wire.shutDown();
    await Promise.all(this.#live.values());
  }

  /** Ends what is left: handlers are told by their signal, connections are dropped. */
  drop(): void {
    for (const conversation of this.#live.keys()) conversation.wire.destroy("shutdown");
    this.#sweep.expireAll();
  }

  #remove(conversation: Conversation, address: string): void {
    this.#live.delete(conversation);
    this.#sweep.delete(conversation.wire);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }
}

function refuse(
  socket: Socket,
  reason: "too many connections" | "too many connections from one address",
  circumstances: Circumstances,
): void {
  circumstances.observer.turnedAway(socket.remote.address, reason);
  turnAway(socket, replies.tooManyConnections, circumstances);
}

function turnAway(socket: Socket, reply: Reply, { options }: Circumstances): void {
  // Who waits for a handshake would not understand a word in the clear.
  if (options.implicitTls) return socket.destroy();
  socket.write(encoder.encode(formatReply(reply)));
  socket.close();
}
