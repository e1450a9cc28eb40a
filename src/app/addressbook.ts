/** Where an address stands among an app's routes. */

import { toALabels } from "../protocol/domain.ts";
import type { Mailbox } from "../protocol/path.ts";
import { lowerAscii, pathSegment } from "./pattern.ts";

/** What is worked out of an address. */
export interface RoutedAddress {
  /** {@linkcode comparable} */
  readonly comparable: string;
  /** `/domain/local`, behind the stage in a request's path. */
  readonly path: string;
  /** Where its mail is delivered. */
  readonly deliveryPath: string;
}

/** The one spelling of an address that others can be compared with: quotes undone, lower case, A-labels. */
export function comparable({ local, domain }: Pick<Mailbox, "local" | "domain">): string {
  return `${lowerAscii(local)}@${comparableDomain(domain)}`;
}

function comparableDomain(domain: string): string {
  return toALabels(domain) ?? domain.toLowerCase();
}

/** So many addresses are remembered; past that all are forgotten, and worked out again. */
const mostKnown = 1024;

/** What is known of addresses, each worked out once: mail comes for the same few recipients again and again. */
export class AddressBook {
  readonly #name: string;
  readonly #known = new Map<string, RoutedAddress>();

  /** @param name the server's own, where a recipient has no domain (`<Postmaster>`, RFC 5321 section 4.5.1). */
  constructor(name: string) {
    this.#name = name;
  }

  of(mailbox: Mailbox): RoutedAddress {
    const known = this.#known.get(mailbox.address);
    if (known !== undefined) return known;
    const domain = comparableDomain(mailbox.domain === "" ? this.#name : mailbox.domain);
    const local = lowerAscii(mailbox.local);
    const path = `/${pathSegment(domain)}/${pathSegment(local)}`;
    const routed = { comparable: `${local}@${domain}`, path, deliveryPath: `/deliver${path}` };
    if (this.#known.size === mostKnown) this.#known.clear();
    this.#known.set(mailbox.address, routed);
    return routed;
  }
}
