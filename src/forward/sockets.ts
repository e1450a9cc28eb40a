/**
 * The transport over Node's HTTP client, which Bun and Deno have as well. Unlike `fetch` it sends a stream with its
 * length, connects only to addresses that were looked at, and can be told how many connections to keep.
 */

import { lookup as systemLookup } from "node:dns";
import * as http from "node:http";
import * as https from "node:https";
import type { LookupFunction } from "node:net";
import { isPrivateHost, isPublicAddress, PrivateAddressError } from "./private.ts";
import { type Answer, isReplyText, longestText, type OutgoingRequest, type Transport } from "./transport.ts";

/** What can be set. */
export interface SocketTransportOptions {
  /** Connections to one host at a time. */
  readonly connections: number;
  readonly allowPrivate: boolean;
}

/** An answer whose end nobody waits for is let run so far, in octets, to keep its connection. */
const mostDrained = 64 * 1024;

/** A transport with connections of its own, kept alive from one message to the next. */
export function socketTransport({ connections, allowPrivate }: SocketTransportOptions): Transport {
  const settings = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
  const agents = { "http:": new http.Agent(settings), "https:": new https.Agent(settings) };
  const lookup = allowPrivate ? systemLookup as LookupFunction : publicLookup;

  function start({ url, headers, body }: OutgoingRequest): http.ClientRequest {
    // A host that is an address is never looked up.
    if (!allowPrivate && isPrivateHost(url.hostname)) throw new PrivateAddressError(url.hostname, url.hostname);
    const isSecure = url.protocol === "https:";
    return (isSecure ? https : http).request(url, {
      method: "POST",
      agent: isSecure ? agents["https:"] : agents["http:"],
      headers: { ...Object.fromEntries(headers), "content-length": `${body.size}` },
      lookup,
    });
  }

  async function attempt(outgoing: OutgoingRequest, isLast: boolean): Promise<Answer> {
    outgoing.signal.throwIfAborted();
    const request = start(outgoing);
    try {
      return await exchange(request, outgoing);
    } catch (error) {
      // The other side may close a kept connection at the very moment of its next use (RFC 9112 section 9.3.1).
      const isStale = request.reusedSocket && (error as { code?: unknown }).code === "ECONNRESET";
      if (isLast || !isStale) throw error;
      return await attempt(outgoing, true);
    }
  }

  return (outgoing) => attempt(outgoing, false);
}

function exchange(request: http.ClientRequest, { body, signal }: OutgoingRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const abort = () => {
      reject(signal.reason);
      request.destroy();
    };
    const settle = () => {
      isSettled = true;
      signal.removeEventListener("abort", abort);
    };
    signal.addEventListener("abort", abort, { once: true });
    request.on("error", (error) => {
      settle();
      reject(error);
    });
    request.on("response", (response) => {
      readAnswer(response).then((answer) => {
        settle();
        resolve(answer);
        // Half a message is in the way of the next one, on a connection that would count for ever.
        if (!request.writableEnded) request.destroy();
      }, (error) => {
        settle();
        reject(error);
        request.destroy();
      });
    });
    send(request, body, () => isSettled).catch((error) => {
      // Once there is an answer nobody needs the rest of the message.
      if (isSettled) return;
      settle();
      reject(error);
      request.destroy();
    });
  });
}

async function send(request: http.ClientRequest, body: OutgoingRequest["body"], isOver: () => boolean): Promise<void> {
  for await (const piece of body.read()) {
    if (isOver() || request.destroyed) return;
    if (!request.write(piece)) await drained(request);
  }
  request.end();
}

function drained(request: http.ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      request.off("drain", done).off("close", done).off("error", done);
      resolve();
    };
    request.on("drain", done).on("close", done).on("error", done);
  });
}

async function readAnswer(response: http.IncomingMessage): Promise<Answer> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each);
  }
  const status = response.statusCode ?? 0;
  if (isReplyText(headers)) return { status, headers, text: await beginning(response) };
  let drained = 0;
  response.on("data", (piece: Uint8Array) => {
    drained += piece.length;
    if (drained > mostDrained) response.destroy();
  }).on("error", () => {});
  // An answer that never ends does not keep its connection.
  const timer = setTimeout(() => response.destroy(), 5000);
  response.on("close", () => clearTimeout(timer));
  return { status, headers, text: "" };
}

async function beginning(response: http.IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of response) {
    text += decoder.decode(piece as Uint8Array, { stream: true });
    // Leaving the loop drops the connection, and with it whatever else would have come.
    if (text.length >= longestText) return text.slice(0, longestText);
  }
  return text + decoder.decode();
}

/** Looks a name up, and gives no address of it if one of them is private: what was looked at is what is connected to. */
export function publicLookup(...[hostname, options, callback]: Parameters<LookupFunction>): void {
  systemLookup(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) return callback(error, "");
    const inside = found.find(({ address }) => !isPublicAddress(address));
    if (inside !== undefined) return callback(new PrivateAddressError(hostname, inside.address), "");
    const [first] = found;
    if (options.all === true || first === undefined) return callback(null, found);
    callback(null, first.address, first.family);
  });
}
