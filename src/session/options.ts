/** What can be set for a session, and what holds when nothing is set. */

import { AddressList } from "../protocol/addresslist.ts";
import { type ExtensionSwitches, type Offer, offerOf } from "./offer.ts";

/** How much one client may ask for. */
export interface Limits {
  /** RCPT per transaction; more get 452 4.5.3. RFC 5321 section 4.5.3.1.8 asks for at least 100. Default 1000. */
  readonly recipients: number;
  /** Commands of wrong syntax, or in the wrong place (500 to 509 and 555), per session before 421 4.7.0. Default 20. */
  readonly errors: number;
  /** NOOP, RSET, VRFY, HELP and the like since the last message, before 421 4.7.0. Default 100. */
  readonly junkCommands: number;
  /** Messages per session, before 421 4.7.0. Default 10 000. */
  readonly transactions: number;
  /** Failed logins per session that are answered 535; the next one is answered 421 4.7.0. Default 3. */
  readonly authFailures: number;
  /**
   * Failed logins from one address (of IPv6, one /64 network) within `authFailureWindow`, before 421 4.7.0 to every
   * AUTH from there. Many users may share an address. Default 30; `Infinity` for no limit.
   */
  readonly authFailuresPerAddress: number;
  /** Milliseconds for which failed logins from an address are counted together. Default ten minutes. */
  readonly authFailureWindow: number;
}

/** How long one side may keep the other waiting, in milliseconds (RFC 5321 section 4.5.3.2). */
export interface Timeouts {
  /** For a whole command line, however slowly it comes. Default five minutes. */
  readonly command: number;
  /** For the next block of a message, and for the client to take a reply. Default three minutes. */
  readonly block: number;
  /** For a handler, before its stage is answered 451. Default two minutes. */
  readonly handler: number;
  /** For a TLS handshake, however slowly it comes. Default thirty seconds. */
  readonly handshake: number;
  /** For all handlers of one message together; a client gives up after ten minutes. Default eight minutes. */
  readonly delivery: number;
  /**
   * How long a client waits for the reply to its first failed login; twice as long for the second, and so on. Other
   * sessions do not wait. Default one second; 0 for not at all.
   */
  readonly authFailureDelay: number;
  /** For the PROXY header of an address in `proxyProtocol`. Default five seconds. */
  readonly proxyHeader: number;
}

/** What a listener speaks, and asks of its clients before they may send mail. */
export interface SessionPolicy {
  readonly protocol: "smtp" | "lmtp";
  /** The client begins with a TLS handshake, before the greeting (RFC 8314 section 3). */
  readonly implicitTls: boolean;
  /** In the clear, all commands but EHLO, HELO, STARTTLS, NOOP, RSET, HELP and QUIT get 530 5.7.0. */
  readonly requireTls: boolean;
  /** MAIL gets 530 5.7.0 before the client has authenticated. */
  readonly requireAuth: boolean;
}

/** How a session behaves. */
export interface SessionOptions extends SessionSettings, SessionPolicy {}

/** What holds for all sessions of a server. */
export interface SessionSettings {
  /** The server's own name, in the greeting, EHLO and `Received:`. */
  readonly name: string;
  /** The largest message, in octets. */
  readonly maxSize: number;
  /** What becomes of a message with a CR or LF that stands alone: refused with 550 5.5.2, or made whole. */
  readonly bareNewline: "reject" | "normalize";
  /** Whether a client that sends ahead where RFC 2920 section 3.1 forbids it is sent away with 554 5.5.0. */
  readonly pipelining: "strict" | "lenient";
  /** The slowest message that is waited for, in octets per second, after the first `timeouts.block`. Default 500. */
  readonly minDataRate: number;
  /** Whether clients may authenticate without TLS, where everybody on the way can read along. */
  readonly allowInsecureAuth: boolean;
  /** The extensions of EHLO. */
  readonly offer: Offer;
  /** Who may say XCLIENT and XFORWARD. */
  readonly xclient: AddressList;
  readonly limits: Limits;
  readonly timeouts: Timeouts;
}

/** What `serve` takes of them: all optional. */
export interface PartialSessionOptions {
  /** See {@linkcode SessionSettings.name}. Default: the machine's host name. */
  readonly name?: string;
  /** Octets. Default 25 MiB. */
  readonly maxSize?: number;
  /** Default `"reject"`. */
  readonly bareNewline?: "reject" | "normalize";
  /** Default `"strict"`. */
  readonly pipelining?: "strict" | "lenient";
  /** Octets per second. Default 500. */
  readonly minDataRate?: number;
  /** Offer AUTH in clear, too: on loopback, or behind something that ends TLS. Default false: 538 5.7.11. */
  readonly allowInsecureAuth?: boolean;
  /**
   * Switches extensions of EHLO on or off by name, as `{ chunking: false, dsn: true }`; see
   * {@linkcode ExtensionSwitches} for what is on by default, and why the rest is not.
   */
  readonly extensions?: ExtensionSwitches;
  /**
   * Who may say whom they speak for, by XCLIENT and XFORWARD: addresses, networks (`"10.0.0.0/8"`) or `"unix"`. After
   * XCLIENT `c.var.session` is the other client's and the session begins again; what XFORWARD says is
   * `c.var.envelope.forwarded`. Where a proxy has named the client (`proxyProtocol`), it is that client's address that
   * counts. Default: nobody.
   */
  readonly xclient?: readonly string[];
  /** How much one client may ask for; what is left out has the defaults of {@linkcode Limits}. */
  readonly limits?: Partial<Limits>;
  /** Milliseconds; what is left out has the defaults of {@linkcode Timeouts}. */
  readonly timeouts?: Partial<Timeouts>;
}

const minute = 60_000;

/** The options with every default filled in. */
export function sessionOptions(given: PartialSessionOptions, hostname: string): SessionSettings {
  return {
    name: given.name ?? hostname,
    maxSize: given.maxSize ?? 25 * 1024 * 1024,
    bareNewline: given.bareNewline ?? "reject",
    pipelining: given.pipelining ?? "strict",
    minDataRate: given.minDataRate ?? 500,
    allowInsecureAuth: given.allowInsecureAuth ?? false,
    offer: offerOf(given.extensions),
    xclient: new AddressList("xclient", given.xclient),
    limits: {
      recipients: 1000,
      errors: 20,
      junkCommands: 100,
      transactions: 10_000,
      authFailures: 3,
      authFailuresPerAddress: 30,
      authFailureWindow: 10 * minute,
      ...given.limits,
    },
    timeouts: {
      command: 5 * minute,
      block: 3 * minute,
      handler: 2 * minute,
      handshake: minute / 2,
      delivery: 8 * minute,
      authFailureDelay: 1000,
      proxyHeader: 5000,
      ...given.timeouts,
    },
  };
}
