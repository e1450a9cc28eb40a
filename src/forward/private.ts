/** Which addresses are on the public Internet: a forwarder must not be a way into the networks behind it. */

import ipaddr from "ipaddr.js";

/** Whether an address, in text form, is one that anybody could reach. IPv4 within IPv6 counts as what it is. */
export function isPublicAddress(text: string): boolean {
  const name = text.replace(/^\[|\]$/g, "");
  if (!ipaddr.isValid(name)) return false;
  const address = ipaddr.process(name);
  // ipaddr.js names the ranges of the IANA registries; what is in none of them is "unicast".
  if (address.range() !== "unicast") return false;
  // Of IPv6 only this eighth has been given to anybody (RFC 4291 section 2.4); ::127.0.0.1 is outside of it.
  return address.kind() === "ipv4" || (address.toByteArray()[0]! & 0xe0) === 0x20;
}

/** What a URL's host is, seen without asking DNS. URL has made `0x7f.1` and `2130706433` into `127.0.0.1` already. */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (ipaddr.isValid(name)) return !isPublicAddress(name);
  // RFC 6761 section 6.3.
  return name === "localhost" || name.endsWith(".localhost");
}

/** A URL that points into a private network. */
export class PrivateAddressError extends Error {
  /** Tells it from other errors in a log, and where `instanceof` cannot: between two copies of the package. */
  override readonly name = "PrivateAddressError";

  /** Takes the host of the URL, and the address that it stands for, which may be itself. */
  constructor(host: string, address: string) {
    const where = host === address ? host : `${host}, which is ${address}`;
    super(`Cannot forward to ${where}: that is no public address; set allowPrivate if it is meant`);
  }
}
