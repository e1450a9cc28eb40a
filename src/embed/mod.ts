/**
 * SMTP sessions over connections that your own server accepted.
 *
 * @module
 */

export { type ConnectionHandler, connectionHandler, type ConnectionOptions, handleConnection } from "./connection.ts";
export type { ConnectionEnds } from "./ends.ts";
export { fromNodeStream } from "./nodestream.ts";
export { fromWebStreams, type WebStreamPair } from "./webstreams.ts";
