/** The name of an address, confirmed in both directions (RFC 8601 section 3). */

import ipaddr from "ipaddr.js";
import { type FailureReason, type Resolver, reverseName } from "../../dns/mod.ts";

/**
 * What became of it.
 *
 * - `pass`: `name` leads back to the address.
 * - `fail`: the address has names, but none leads back.
 * - `none`: it has no name. RFC 8601 calls this `permerror` in `Authentication-Results`.
 * - `temperror`: the DNS could not tell.
 */
export type ReverseName =
  | { readonly status: "pass"; readonly name: string }
  | { readonly status: "fail"; readonly names: readonly string[] }
  | { readonly status: "none" }
  | { readonly status: "temperror"; readonly reason: FailureReason };

/** Whoever has more names than this has them for another reason than to be known by them. */
const mostNames = 10;

/**
 * Looks up an address's name, and whether the name has the address.
 *
 * @throws {TypeError} when `address` is no IP address.
 */
export async function iprev(
  address: string,
  { resolver, signal }: { readonly resolver: Resolver; readonly signal?: AbortSignal },
): Promise<ReverseName> {
  const options = signal === undefined ? {} : { signal };
  const pointers = await resolver.resolve(reverseName(address), "PTR", options);
  if (pointers.status === "failure") return { status: "temperror", reason: pointers.reason };
  if (pointers.status !== "ok") return { status: "none" };
  const names = pointers.records.slice(0, mostNames);
  const client = ipaddr.process(address);
  const type = client.kind() === "ipv4" ? "A" : "AAAA";
  const answers = await Promise.all(names.map((name) => resolver.resolve(name, type, options)));
  let trouble: FailureReason | undefined;
  for (const [at, answer] of answers.entries()) {
    if (answer.status === "ok" && answer.records.some((record) => isSame(record, client))) {
      return { status: "pass", name: names[at]! };
    }
    // What can be no name has no address.
    if (answer.status === "failure" && answer.reason !== "name") trouble = answer.reason;
  }
  return trouble === undefined ? { status: "fail", names } : { status: "temperror", reason: trouble };
}

function isSame(record: string, client: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return ipaddr.isValid(record) && ipaddr.parse(record).toString() === client.toString();
}
