/** What `serve()` takes. */

import type { DeliveryStore } from "./app/deliveries.ts";
import { type HttpOptions, type TranscriptOption, validateHttp } from "./operations/options.ts";
import { AddressList } from "./protocol/addresslist.ts";
import { isDomain } from "./protocol/domain.ts";
import { validateSwitches } from "./session/offer.ts";
import { type PartialSessionOptions, sessionOptions, type SessionPolicy } from "./session/options.ts";
import { spoolOptionNames, type SpoolOptions } from "./spool/spool.ts";
import type { TlsOptions } from "./tls/options.ts";

/** One of several places to listen, with rules of its own. */
export interface ListenerOptions {
  /** Default 2525; 0 for any free one. */
  readonly port?: number;
  /** The address to listen on. Default `0.0.0.0`; `::` is IPv6 and IPv4. */
  readonly hostname?: string;
  /** The path of a Unix socket to listen on, instead of port and host name. */
  readonly unix?: string;
  /**
   * SMTP, or LMTP (RFC 2033): clients say LHLO, and get a reply for each recipient of a message. Not for port 25.
   * Default `"smtp"`.
   */
  readonly protocol?: "smtp" | "lmtp";
  /** Clients begin with a TLS handshake, before the greeting, as on port 465 (RFC 8314 section 3). Default false. */
  readonly implicitTls?: boolean;
  /**
   * Mail is taken only over TLS: in the clear, all commands but EHLO, HELO, STARTTLS, NOOP, RSET, HELP and QUIT get
   * 530 5.7.0 (RFC 3207 section 4). Not for port 25, where many must be heard in the clear. Default false.
   */
  readonly requireTls?: boolean;
  /** Mail is taken only from clients that have authenticated: MAIL gets 530 5.7.0 before. Default false. */
  readonly requireAuth?: boolean;
  /** For users' own mail, as on port 587 (RFC 6409): both `requireTls` and `requireAuth`. Default false. */
  readonly submission?: boolean;
  /** Options for the runtime's own listen call (`net.Server#listen`, `Bun.listen`, `Deno.listen`), passed through. */
  readonly native?: object;
}

/** Options of `serve()`, the same on every runtime. */
export interface ServeOptions extends PartialSessionOptions, ListenerOptions {
  /**
   * Several places to listen, instead of `port` or `unix`; what is set beside the list holds for each that does not
   * set it itself.
   *
   * @example
   * ```ts
   * import type { ServeOptions } from "postern";
   *
   * const options: ServeOptions = {
   *   tls: { cert: "fullchain.pem", key: "privkey.pem" },
   *   listeners: [{ port: 25 }, { port: 465, implicitTls: true }, { port: 587, submission: true }],
   * };
   * console.log(options.listeners?.length); // 3
   * ```
   */
  readonly listeners?: readonly ListenerOptions[];
  /** Certificates: with them every listener offers STARTTLS, unless its TLS is implicit. */
  readonly tls?: TlsOptions;
  /**
   * How many processes serve, for machines with more than one core: this one starts as many of the program it runs, and
   * serves nothing itself. Each of them runs the program up to its `serve()`, and from there on serves; this one's
   * `serve()` gives a server without sessions of its own, whose `close()` lets all of them finish. Limits hold for all
   * together; the spool's budgets are divided. At most 256, and once in a program. On Bun and Deno it takes Linux, and a
   * Unix socket is served by the first worker alone. Default 1: this process serves.
   */
  readonly workers?: number;
  /** Connections at a time; more get 421. Default 1000. */
  readonly maxConnections?: number;
  /** Connections at a time from one address; more get 421. Default 50. */
  readonly maxConnectionsPerAddress?: number;
  /**
   * The proxies in front of the server, as addresses, networks (`"10.0.0.0/8"`) or `"unix"`: connections from there must
   * begin with a header of the PROXY protocol, version 1 or 2, before TLS and the greeting, and are its client's from
   * then on. Those without one are dropped; a check that only connects and closes is not even logged. A header from
   * elsewhere is never taken for one.
   */
  readonly proxyProtocol?: readonly string[];
  /** Where messages lie while they are received and handled. */
  readonly spool?: SpoolOptions;
  /** What is remembered of messages that only some of their recipients took. Default: in this process. */
  readonly deliveries?: DeliveryStore;
  /**
   * Serves HTTP beside SMTP: `/healthz`, `/readyz` and `/metrics`, and the app's own ordinary routes. With `workers` this
   * process answers for all of them. Default: not at all.
   */
  readonly http?: HttpOptions;
  /** Whether to count what `/metrics` and `server.metrics()` tell. Default: where `http` is set. */
  readonly metrics?: boolean;
  /**
   * Whether sessions, transactions and handlers become spans of OpenTelemetry. Default: where an SDK is registered
   * when serving begins. `true` is for one that is registered later.
   */
  readonly tracing?: boolean;
  /**
   * Writes down what clients and server say: a file for each session in this directory, which is made if it is not
   * there. A function is asked at the beginning of each session: it names a directory, or a stream that gets the text, or
   * nothing, for no transcript. Credentials and messages are not in it. Default: none.
   */
  readonly transcript?: TranscriptOption;
  /** The bindings handlers find on `c.env`. */
  readonly env?: object;
}

/** More are a slip of the hand that a machine does not survive. */
const mostWorkers = 256;

/** @throws {TypeError | RangeError} for the first option that cannot be. */
export function validate(options: ServeOptions): void {
  const { name, bareNewline, pipelining } = options;
  if (name !== undefined && !isDomain(name)) {
    throw new TypeError(`Cannot serve under the name "${name}": it is not a host name, such as "mx.example.com"`);
  }
  if (options.listeners !== undefined && (options.port !== undefined || options.unix !== undefined)) {
    throw new TypeError("Cannot listen on listeners and on a port or path beside them: put it into the list");
  }
  if (options.listeners?.length === 0) throw new TypeError("Cannot serve on no listener at all: listeners is empty");
  for (const listener of listenersOf(options)) validateListener(listener, options.tls !== undefined);
  oneOf("bareNewline", bareNewline, ["reject", "normalize"]);
  validateSwitches(options.extensions ?? {});
  new AddressList("proxyProtocol", options.proxyProtocol);
  validateHttp(options.http);
  if (options.transcript === "") throw new TypeError("Cannot keep transcripts in a directory without a name");
  oneOf("pipelining", pipelining, ["strict", "lenient"]);
  const { maxSize, minDataRate, maxConnections, maxConnectionsPerAddress, limits, timeouts, spool, workers } = options;
  if (workers !== undefined && !(Number.isInteger(workers) && workers > 0 && workers <= mostWorkers)) {
    throw new RangeError(
      `Cannot serve with workers ${workers}: it is a whole number from 1 to ${mostWorkers}, one for each core`,
    );
  }
  validateNumbers("", { maxSize, minDataRate, maxConnections, maxConnectionsPerAddress });
  if (maxSize !== undefined && maxSize !== Infinity && !Number.isInteger(maxSize)) {
    throw new RangeError(`Cannot serve with maxSize ${maxSize}: it is a whole number, or Infinity for no maximum`);
  }
  const defaults = sessionOptions({}, "");
  validateNumbers("limits.", known("limits", limits, Object.keys(defaults.limits)));
  const { authFailureDelay, ...waits } = known("timeouts", timeouts, Object.keys(defaults.timeouts));
  if (authFailureDelay !== undefined && !(typeof authFailureDelay === "number" && authFailureDelay >= 0)) {
    throw new RangeError(
      `Cannot serve with timeouts.authFailureDelay ${authFailureDelay}: it is a number, 0 for no delay`,
    );
  }
  validateNumbers("timeouts.", waits);
  const { directory: _, ...room } = known("spool", spool, spoolOptionNames);
  validateNumbers("spool.", room);
}

/** @throws {RangeError} for a value that is no number above 0. */
function validateNumbers(prefix: string, numbers: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(numbers)) {
    if (value !== undefined && !(typeof value === "number" && value > 0)) {
      throw new RangeError(`Cannot serve with ${prefix}${key} ${value}: it is a number above 0`);
    }
  }
}

/**
 * A group of options as it was given.
 *
 * @throws {TypeError} for a name that there is none of: what was meant by it would not hold.
 */
function known(group: string, given: object = {}, names: readonly string[]): Readonly<Record<string, unknown>> {
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) {
      throw new TypeError(`Cannot serve with ${group}.${name}: there are ${names.join(", ")}`);
    }
  }
  return { ...given };
}

/** The places to listen, each with what was set for all. */
export function listenersOf(options: ServeOptions): readonly ListenerOptions[] {
  const { listeners, port, hostname, unix, protocol, implicitTls, requireTls, requireAuth, submission, native } =
    options;
  const shared = { port, hostname, unix, protocol, implicitTls, requireTls, requireAuth, submission, native };
  const own = Object.fromEntries(Object.entries(shared).filter(([, value]) => value !== undefined));
  return listeners === undefined ? [own] : listeners.map((listener) => ({ ...own, ...listener }));
}

/** What a listener speaks, and asks of its clients. */
export function policyOf(listener: ListenerOptions): SessionPolicy {
  const { protocol, implicitTls, requireTls, requireAuth, submission } = listener;
  return {
    protocol: protocol ?? "smtp",
    implicitTls: implicitTls ?? false,
    requireTls: requireTls || submission || false,
    requireAuth: requireAuth || submission || false,
  };
}

const encoder = new TextEncoder();
const longestUnixPath = 107;

function validateListener(listener: ListenerOptions, hasTls: boolean): void {
  const { port, unix, hostname } = listener;
  if (port !== undefined && (!Number.isInteger(port) || port < 0 || port > 65535)) {
    throw new RangeError(`Cannot listen on port ${port}: a port is a whole number from 0 to 65535`);
  }
  const pathOctets = unix === undefined ? 0 : encoder.encode(unix).length;
  // unix(7). Node would cut it off, and listen elsewhere.
  if (pathOctets > longestUnixPath) {
    throw new TypeError(
      `Cannot listen on ${unix}: it has ${pathOctets} octets, and a socket's path ${longestUnixPath} at most`,
    );
  }
  if (unix !== undefined && (port !== undefined || hostname !== undefined)) {
    throw new TypeError(`Cannot listen on ${unix} and on a port: give unix, or port and hostname`);
  }
  oneOf("protocol", listener.protocol, ["smtp", "lmtp"]);
  // RFC 2033 section 5: whoever connects there expects a queue behind it.
  if (listener.protocol === "lmtp" && port === 25) {
    throw new TypeError("Cannot speak LMTP on port 25: that port is for SMTP (RFC 2033)");
  }
  const { implicitTls, requireTls } = policyOf(listener);
  if ((implicitTls || requireTls) && !hasTls) {
    const option = implicitTls ? "implicitTls" : listener.requireTls ? "requireTls" : "submission";
    throw new TypeError(`Cannot listen on ${unix ?? `port ${port ?? 2525}`} with ${option}: tls has no certificate`);
  }
}

function oneOf(name: string, value: string | undefined, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value)) return;
  throw new TypeError(`Cannot serve with ${name} "${value}": it is ${allowed.map((each) => `"${each}"`).join(" or ")}`);
}
