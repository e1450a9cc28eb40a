/** The live connections of a server: who is let in, and how they end together. */

import type { FileRoom } from "./fileroom.ts";
import type { Full, Places } from "./places.ts";
import { formatReply, type Reply } from "./protocol/reply.ts";
import { type Circumstances, Conversation } from "./session/conversation.ts";
import * as replies from "./session/replies.ts";
import type { Session } from "./session/session.ts";
import type { Socket } from "./socket.ts";
import type { Sweep } from "./sweep.ts";

const encoder = new TextEncoder();

export class Connections {
  readonly #sweep: Sweep;
  readonly #places: Places;
  readonly #room: FileRoom;
  readonly #live = new Map<Conversation, Promise<void>>();
  #isDraining = false;
  /** How many were let in, ever. */
  accepted = 0;

  constructor(sweep: Sweep, places: Places, room: FileRoom) {
    this.#sweep = sweep;
    this.#places = places;
    this.#room = room;
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
    if (this.#isDraining) return this.#turnAway(socket, replies.shuttingDown, circumstances);
    if (this.#live.size >= this.#room.connections) return this.#refuse(socket, "too many connections", circumstances);
    const full = this.#places.take(socket.remote.address);
    if (full instanceof Promise) full.then((settled) => this.#admit(socket, circumstances, settled));
    else this.#admit(socket, circumstances, full);
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

  #admit(socket: Socket, circumstances: Circumstances, full: Full | undefined): void {
    const { address } = socket.remote;
    if (full !== undefined) return this.#refuse(socket, full, circumstances);
    if (this.#isDraining) {
      this.#places.leave(address);
      return this.#turnAway(socket, replies.shuttingDown, circumstances);
    }
    const conversation = new Conversation(socket, circumstances);
    this.accepted++;
    circumstances.observer.began?.(conversation, socket);
    this.#sweep.add(conversation.wire);
    this.#live.set(conversation, conversation.run().then(() => this.#remove(conversation, address)));
  }

  #remove(conversation: Conversation, address: string): void {
    this.#live.delete(conversation);
    this.#sweep.delete(conversation.wire);
    this.#places.leave(address);
  }

  #refuse(socket: Socket, why: Full, circumstances: Circumstances): void {
    circumstances.observer.turnedAway(socket.remote.address, why);
    this.#turnAway(socket, replies.tooManyConnections, circumstances);
  }

  #turnAway(socket: Socket, reply: Reply, { options }: Circumstances): void {
    // Who waits for a handshake would not understand a word in the clear; and a flood is not waited for.
    if (options.implicitTls || !this.#room.mayLinger()) return socket.destroy();
    socket.write(encoder.encode(formatReply(reply)));
    socket.close();
  }
}
