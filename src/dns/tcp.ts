import { connect } from "node:net";
import { reasonOf } from "./deadline.ts";
import { type Query, readReply, type Reply } from "./message.ts";
import { type Failure, failure } from "./resolver.ts";
import type { ServerAddress } from "./servers.ts";

/**
 * Sends a query over a connection of its own (RFC 7766): two octets of length, then the message, both ways. Ends with
 * the signal at the latest; the connection is gone in every outcome.
 */
export function askByTcp(server: ServerAddress, query: Query, signal: AbortSignal): Promise<Reply | Failure> {
  return new Promise((settle) => {
    const frame = new Uint8Array(2 + query.bytes.length);
    new DataView(frame.buffer).setUint16(0, query.bytes.length);
    frame.set(query.bytes, 2);

    // Length and message in one write (RFC 7766 section 8): some servers read only once.
    const socket = connect({ host: server.address, port: server.port }, () => socket.write(frame));
    let received: Uint8Array = new Uint8Array(0);
    let done = false;
    const finish = (outcome: Reply | Failure): void => {
      if (done) return;
      done = true;
      signal.removeEventListener("abort", giveUp);
      socket.destroy();
      settle(outcome);
    };
    const giveUp = (): void => finish(failure(reasonOf(signal), `no answer over TCP from ${server.address} in time`));
    socket.on("error", (error) => finish(failure("network", `TCP to ${server.address}: ${error.message}`)));
    socket.on("close", () => finish(failure("network", `${server.address} closed the TCP connection unanswered`)));
    socket.on("end", () => finish(failure("network", `${server.address} closed the TCP connection unanswered`)));
    socket.on("data", (chunk: Uint8Array) => {
      received = joined(received, chunk);
      if (received.length < 2) return;
      const length = new DataView(received.buffer, received.byteOffset).getUint16(0);
      if (received.length < 2 + length) return;
      const reading = readReply(received.subarray(2, 2 + length), query);
      // On a connection with one query there is nothing else to wait for.
      if (typeof reading === "string") {
        finish(failure("malformed", `unreadable answer over TCP from ${server.address}`));
      } else finish(reading);
    });
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
