/** A channel as a stream of Node's making, which `node:tls` takes on every runtime. */

import { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
import type { Channel } from "../channel.ts";

/** @param first what was read from the channel already, and is to be read from the stream first. */
export function streamOf(channel: Channel, first: Uint8Array | undefined): Duplex {
  let unread = first;
  return new Duplex({
    allowHalfOpen: true,
    read(): void {
      if (unread === undefined) return void channel.read().then((bytes) => this.push(bytes));
      const bytes = unread;
      unread = undefined;
      // Later, as a socket would: Deno's TLSSocket has not finished its own beginning, and dies of a handshake that fails
      // in the middle of it.
      setImmediate(() => this.push(bytes));
    },
    write(bytes: Uint8Array, _: string, done: () => void): void {
      const slow = channel.write(bytes);
      if (slow === undefined) done();
      else slow.then(() => done());
    },
    final(done: () => void): void {
      channel.close();
      done();
    },
    destroy(error: Error | null, done: (error: Error | null) => void): void {
      channel.destroy();
      done(error);
    },
  });
}
