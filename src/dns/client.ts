import { deadline } from "./deadline.ts";
import { type LookupOptions, LookupResolver } from "./lookup.ts";
import { writeQuery } from "./message.ts";
import type { Reply } from "./message.ts";
import { type Failure, failure, type RecordType, type Resolver } from "./resolver.ts";
import { parseServer, type ServerAddress, systemResolvConf } from "./servers.ts";
import { askByTcp } from "./tcp.ts";
import { askByUdp } from "./udp.ts";

/** Options of {@link dnsResolver}. */
export interface DnsOptions extends LookupOptions {
  /** The servers to ask, in this order: `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:5353`. Default: the system's. */
  readonly servers?: readonly string[];
  /** Milliseconds for one try at one server. Default: the system's, else 3000. */
  readonly timeout?: number;
  /** Rounds over all servers. Default: the system's, else 2. */
  readonly attempts?: number;
}

/**
 * A resolver that asks DNS servers over UDP, and over TCP where an answer does not fit (RFC 7766). It is the same on
 * Bun, Deno and Node, which their own `node:dns` is not.
 *
 * It asks recursive servers, as the system's are, and believes them: for mail that matters they should be on this
 * machine or on a network that you trust.
 *
 * Deno wants `--allow-net` for this without a list, or with `0.0.0.0:0` (`[::]:0` for servers with IPv6 addresses) on
 * it beside the servers, because the socket is bound to a port of its own; and `--allow-read=/etc/resolv.conf` when
 * `servers` is not given.
 *
 * @example
 * ```ts
 * const resolver = dnsResolver({ servers: ["127.0.0.1"] });
 * const answer = await resolver.resolve("example.com", "MX");
 * if (answer.status === "ok") console.log(answer.records[0].exchange);
 * ```
 * @throws TypeError when a server is not an IP address; Error when the system's servers may not be read.
 */
export function dnsResolver(options: DnsOptions = {}): Resolver {
  const system = options.servers === undefined ? systemResolvConf() : undefined;
  const servers = options.servers?.map(parseServer) ?? system?.servers ?? [];
  const client = new DnsClient(
    servers,
    options.timeout ?? system?.timeout ?? 3000,
    options.attempts ?? system?.attempts ?? 2,
  );
  return new LookupResolver((name, type, signal) => client.exchange(name, type, signal), options);
}

/** Finds a server that answers. */
class DnsClient {
  readonly #servers: readonly ServerAddress[];
  readonly #timeout: number;
  readonly #attempts: number;
  /** The server that answered last is asked first, so that a dead one costs its timeout once, not in every lookup. */
  #first = 0;

  constructor(servers: readonly ServerAddress[], timeout: number, attempts: number) {
    this.#servers = servers;
    this.#timeout = timeout;
    this.#attempts = attempts;
  }

  async exchange(name: string, type: RecordType, signal: AbortSignal): Promise<Reply | Failure> {
    let worst = failure("network", "no DNS server to ask");
    let order = this.#servers.map((_, at) => (this.#first + at) % this.#servers.length);
    for (let attempt = 0; attempt < this.#attempts; attempt++) {
      for (const at of [...order]) {
        const outcome = verdict(await this.#ask(this.#servers[at]!, name, type, signal), this.#servers[at]!);
        if (!("status" in outcome)) {
          this.#first = at;
          return outcome;
        }
        worst = outcome;
        if (signal.aborted) return worst;
        // A lost datagram is worth another try; a server that said no would say so again.
        if (outcome.reason !== "timeout") order = order.filter((other) => other !== at);
      }
    }
    return worst;
  }

  /** One try at one server: EDNS, then without it for servers that choke on it (RFC 6891 section 7), TCP when truncated. */
  async #ask(
    server: ServerAddress,
    name: string,
    type: RecordType,
    signal: AbortSignal,
  ): Promise<Reply | Failure> {
    let outcome = await this.#askOnce(server, name, type, true, signal);
    if (!("status" in outcome) && ["FORMERR", "NOTIMP", "EXTENDED"].includes(outcome.rcode)) {
      outcome = await this.#askOnce(server, name, type, false, signal);
    }
    return outcome;
  }

  async #askOnce(
    server: ServerAddress,
    name: string,
    type: RecordType,
    edns: boolean,
    signal: AbortSignal,
  ): Promise<Reply | Failure> {
    const datagram = await this.#timed(
      signal,
      (limit) => askByUdp(server, writeQuery(name, type, randomId(), edns), limit),
    );
    if (datagram !== "forged" && ("status" in datagram || !datagram.truncated)) return datagram;
    return await this.#timed(signal, (limit) => askByTcp(server, writeQuery(name, type, randomId(), edns), limit));
  }

  async #timed<R>(signal: AbortSignal, ask: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const limit = deadline(this.#timeout, signal);
    try {
      return await ask(limit.signal);
    } finally {
      limit.clear();
    }
  }
}

/** Turns the replies that answer nothing into failures. */
function verdict(outcome: Reply | Failure, server: ServerAddress): Reply | Failure {
  if ("status" in outcome) return outcome;
  const { rcode } = outcome;
  if (outcome.truncated) return failure("malformed", `${server.address} truncated its answer over TCP`);
  if (outcome.lame) return failure("refused", `${server.address} does not resolve for others`);
  if (rcode === "NOERROR" || rcode === "NXDOMAIN") return outcome;
  return failure(rcode === "SERVFAIL" ? "servfail" : "refused", `${server.address} answered ${rcode}`);
}

/** From the system's generator: an id that can be foretold can be forged (RFC 5452 section 9.2). */
function randomId(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0]!;
}
