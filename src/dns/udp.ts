import { createSocket } from "node:dgram";
import { reasonOf } from "./deadline.ts";
import { type Query, readReply, type Reply } from "./message.ts";
import { type Failure, failure } from "./resolver.ts";
import { isFrom, type ServerAddress } from "./servers.ts";

/** With this many wrong answers to one query, somebody is guessing ids: ask over TCP, where guessing is of no use. */
const mostStrangers = 8;

/**
 * Sends a query in a datagram and waits for its answer. Ends with the signal at the latest; the socket is closed in
 * every outcome.
 *
 * A socket of its own for each query makes the system choose a fresh random port (RFC 5452 section 9.2). It is
 * connected, so that Node and Bun get only this server's datagrams and learn at once that a port is closed. Deno's
 * `connect` only remembers the address: datagrams from anywhere come through (seen on 2.9), and a closed port shows as
 * a timeout. So the sender is checked here as well.
 */
export function askByUdp(
  server: ServerAddress,
  query: Query,
  signal: AbortSignal,
): Promise<Reply | Failure | "forged"> {
  return new Promise((settle) => {
    const socket = createSocket(server.address.includes(":") ? "udp6" : "udp4");
    let done = false;
    let strangers = 0;
    const finish = (outcome: Reply | Failure | "forged"): void => {
      if (done) return;
      done = true;
      signal.removeEventListener("abort", giveUp);
      try {
        socket.close();
      } catch {
        // Already closed by its own error.
      }
      settle(outcome);
    };
    const giveUp = (): void => finish(failure(reasonOf(signal), `no answer from ${server.address} in time`));
    const broken = (error: Error): void => finish(failure("network", `${server.address}: ${error.message}`));
    socket.on("error", broken);
    socket.on("message", (bytes, from) => {
      const reading = isFrom(server, from.address, from.port) ? readReply(bytes, query) : "stranger";
      if (reading === "malformed") finish(failure("malformed", `unreadable answer from ${server.address}`));
      else if (reading !== "stranger") finish(reading);
      else if (++strangers >= mostStrangers) finish("forged");
    });
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) return giveUp();
    try {
      socket.connect(server.port, server.address, (error?: Error) => {
        if (error) return broken(error);
        if (done) return;
        socket.send(query.bytes, (error) => {
          if (error) broken(error);
        });
      });
    } catch (error) {
      broken(error as Error);
    }
  });
}
