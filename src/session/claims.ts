/** Whom a trusted client says it speaks for, by XCLIENT. */

import { canonicalAddress } from "../protocol/address.ts";
import { type Attributes, parsePort } from "../protocol/attributes.ts";
import { isAddressLiteral, isDomain } from "../protocol/domain.ts";
import type { Endpoint } from "../socket.ts";
import type { Draft } from "./envelope.ts";
import type { Session } from "./session.ts";

/** The attributes there are. */
export const xclientNames: readonly string[] = [
  "NAME",
  "ADDR",
  "PORT",
  "PROTO",
  "HELO",
  "LOGIN",
  "DESTADDR",
  "DESTPORT",
];

/** What is not to outlive a client whose message came. */
const ofOneClient: readonly string[] = ["NAME", "PORT", "PROTO", "HELO", "LOGIN"];

/** What was claimed in one or several commands; several, because the length of a line is limited. */
export class Claims {
  readonly #remote: Endpoint;
  readonly #local: Endpoint;
  #values = new Map<string, string | undefined>();
  /** How many transactions there had been. */
  #transactions = 0;

  /** @param remote the client itself, and `local` the server's end, for what is not claimed. */
  constructor(remote: Endpoint, local: Endpoint) {
    this.#remote = remote;
    this.#local = local;
  }

  /**
   * Adds to what was claimed. After a message it is about another client, to whom neither the name nor the login of the
   * one before belongs; addresses stay until others are named, for the trusted client's own might be trusted with more.
   */
  add(attributes: Attributes, transactions: number): void {
    if (transactions > this.#transactions) { for (const name of ofOneClient) this.#values.delete(name); }
    this.#transactions = transactions;
    for (const [name, value] of attributes) this.#values.set(name, value);
  }

  /** Nothing was claimed. */
  forget(): void {
    this.#values.clear();
  }

  /** The name the client is to have said at EHLO. */
  get helo(): string | undefined {
    return this.#values.get("HELO");
  }

  /** Whether it is to have said EHLO. */
  get isExtended(): boolean {
    return this.#values.get("PROTO")?.toUpperCase() !== "SMTP";
  }

  /** Puts the claims in the place of what was known of the client. */
  applyTo(session: Draft<Session>): void {
    const name = this.#values.get("NAME");
    session.remote = { ...this.#endpoint("ADDR", "PORT", this.#remote), ...(name === undefined ? {} : { name }) };
    session.local = this.#endpoint("DESTADDR", "DESTPORT", this.#local);
    const login = this.#values.get("LOGIN");
    if (login === undefined) delete session.user;
    else session.user = login;
  }

  #endpoint(address: string, port: string, actual: Endpoint): Endpoint {
    const values = this.#values;
    // A port belongs to its address.
    const other = values.has(address) ? 0 : actual.port;
    return {
      address: values.has(address) ? addressOf(values.get(address)) ?? "" : actual.address,
      port: values.has(port) ? parsePort(values.get(port) ?? "") ?? 0 : other,
    };
  }
}

/** The name of the first attribute whose value is not of its kind. */
export function badClaim(attributes: Attributes): string | undefined {
  for (const [name, value] of attributes) if (value !== undefined && !isOfKind(name, value)) return name;
  return undefined;
}

function isOfKind(name: string, value: string): boolean {
  switch (name) {
    case "ADDR":
    case "DESTADDR":
      return addressOf(value) !== undefined;
    case "PORT":
    case "DESTPORT":
      return parsePort(value) !== undefined;
    case "PROTO":
      return /^(?:E?SMTP|LMTP)$/i.test(value);
    case "NAME":
      return isDomain(value) || isAddressLiteral(value);
    default:
      return true;
  }
}

/** `192.0.2.1`, or `IPV6:2001:db8::1`; the prefix may be missing. */
export function addressOf(value: string | undefined): string | undefined {
  return value === undefined ? undefined : canonicalAddress(value.replace(/^IPv6:/i, ""));
}
