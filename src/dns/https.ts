import { type LookupOptions, LookupResolver } from "./lookup.ts";
import { type Query, readReply, type Reply, writeQuery } from "./message.ts";
import { reasonOf } from "./deadline.ts";
import { type Failure, failure, type Resolver } from "./resolver.ts";

/** Options of {@link httpsResolver}. */
export interface HttpsOptions extends LookupOptions {
  /** Used instead of the global one. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** Sent with every request, for a service that wants a key. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A DNS message has at most this many octets. */
const longestMessage = 65_535;

/**
 * A resolver over HTTPS (RFC 8484), for platforms without UDP.
 *
 * @param url where the service answers POST requests with `application/dns-message`. Plain http is taken for
 *   loopback addresses only.
 * @example
 * ```ts
 * const resolver = httpsResolver("https://dns.example/dns-query");
 * ```
 * @throws TypeError when the URL is not one, or not https.
 */
export function httpsResolver(url: string | URL, options: HttpsOptions = {}): Resolver {
  const target = new URL(url);
  const loopback = ["127.0.0.1", "[::1]", "localhost"].includes(target.hostname);
  if (target.protocol !== "https:" && !(target.protocol === "http:" && loopback)) {
    throw new TypeError(`Cannot ask DNS questions at ${target.origin}: the URL must begin with https:`);
  }
  const send = options.fetch ?? ((request: Request) => fetch(request));
  const headers = { ...options.headers, accept: "application/dns-message", "content-type": "application/dns-message" };
  return new LookupResolver(async (name, type, signal) => {
    // Id 0 (RFC 8484 section 4.1): TLS guards the exchange, and caches on the way see equal questions as equal.
    const query = writeQuery(name, type, 0, true);
    let outcome: Reply | Failure = failure("network", "not asked");
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const body = query.bytes.slice();
        outcome = await read(await send(new Request(target, { method: "POST", headers, body, signal })), query);
      } catch (error) {
        if (signal.aborted) return failure(reasonOf(signal), `no answer from ${target.origin} in time`);
        outcome = failure("network", `${target.origin}: ${error instanceof Error ? error.message : String(error)}`);
      }
      if (!("status" in outcome) || outcome.reason !== "network") break;
    }
    return outcome;
  }, options);
}

async function read(response: Response, query: Query): Promise<Reply | Failure> {
  const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (!response.ok || type !== "application/dns-message") {
    await response.body?.cancel();
    const reason = response.ok ? "malformed" : response.status >= 500 ? "network" : "refused";
    return failure(reason, `HTTP ${response.status} with ${type ?? "no content type"} instead of a DNS message`);
  }
  const bytes = await bounded(response);
  const reply = bytes === undefined ? "malformed" : readReply(bytes, query);
  if (typeof reply === "string") return failure("malformed", "unreadable DNS message over HTTPS");
  if (reply.truncated) return failure("malformed", "truncated DNS message over HTTPS");
  if (reply.rcode !== "NOERROR" && reply.rcode !== "NXDOMAIN") {
    return failure(reply.rcode === "SERVFAIL" ? "servfail" : "refused", `the service answered ${reply.rcode}`);
  }
  return aged(reply, Number(response.headers.get("age") ?? 0));
}

/** Time in HTTP caches counts against the TTLs (RFC 8484 section 5.1). */
function aged(reply: Reply, age: number): Reply {
  if (!(age > 0)) return reply;
  const older = <R extends { ttl: number }>(record: R): R => ({ ...record, ttl: Math.max(0, record.ttl - age) });
  return { ...reply, answers: reply.answers.map(older), authorities: reply.authorities.map(older) };
}

/** The body, unless it is longer than any DNS message. */
async function bounded(response: Response): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > longestMessage) return undefined; // leaving the loop cancels the body
    parts.push(part);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
