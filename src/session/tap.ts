/** Who listens in on a conversation to write it down. Nearly no conversation has one. */

import type { TlsInfo } from "../socket.ts";
import type { Line } from "./input.ts";

/** Told of what both sides say, in its order, by what it is: only the session knows a password from a command. */
export interface Tap {
  /** The client sent a command. */
  command(line: Line): void;
  /** The client answered a challenge of AUTH, or an application's question. */
  response(line: Line): void;
  /** The client sent octets of a message. */
  content(octets: number): void;
  /** The server sends replies, CRLF included. */
  replies(text: string): void;
  /** From here on nobody can read along on the way. */
  encrypted(tls: TlsInfo): void;
}
