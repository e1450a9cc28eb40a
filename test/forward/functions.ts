/** HTTP functions on loopback, each with manners of its own, and what they were asked. */

import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request, as a function got it. */
export interface Asked {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Answers one request; the body is in already, but for functions that `answersEarly`. */
export type Answering = (asked: Asked, response: ServerResponse, request: IncomingMessage) => void;

/** A running function. */
export interface HttpFunction extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly asked: Asked[];
  /** How many connections were made. */
  connections(): number;
  answering: Answering;
}

/** Takes everything without a word. */
export function takes(_: Asked, response: ServerResponse): void {
  response.writeHead(204).end();
}

/** Answers with a status, a text and headers. */
export function says(status: number, text = "", headers: Record<string, string> = {}): Answering {
  return (_, response) => {
    response.writeHead(status, { ...(text === "" ? {} : { "content-type": "text/plain" }), ...headers }).end(text);
  };
}

/** Starts one on a free port of 127.0.0.1, or the one that is given. */
export async function startFunction(
  answering: Answering = takes,
  { port = 0, answersEarly = false }: { readonly port?: number; readonly answersEarly?: boolean } = {},
): Promise<HttpFunction> {
  const asked: Asked[] = [];
  let connections = 0;
  const server: Server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    if (!answersEarly) { for await (const piece of request) pieces.push(piece); }
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
    );
    const one = { path: request.url ?? "", headers, body: Buffer.concat(pieces) };
    asked.push(one);
    made.answering(one, response, request);
  });
  // However slow the machine is, a connection is kept for the next message.
  server.keepAliveTimeout = 60_000;
  server.on("connection", () => connections++);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const bound = (server.address() as AddressInfo).port;
  const made: HttpFunction = {
    url: `http://127.0.0.1:${bound}/inbound`,
    port: bound,
    asked,
    connections: () => connections,
    answering,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return made;
}

/** A secret for tests. */
export const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";
