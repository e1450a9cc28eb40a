import type { FailureReason, MxRecord, Resolver } from "../dns/mod.ts";

/**
 * Whether a domain can receive mail.
 *
 * - `mailable`, by its MX records in the order of preference, or by its address (the implicit MX of RFC 5321 section
 *   5.1).
 * - `unmailable`: it says so itself (`null-mx`, RFC 7505), it does not exist (`nxdomain`), it has neither MX nor
 *   address (`nodata`), or it is no domain name at all (`name`).
 * - `temperror`: the DNS could not tell. Defer, do not refuse.
 */
export type Mailability =
  | { readonly status: "mailable"; readonly via: "mx"; readonly exchanges: readonly MxRecord[] }
  | { readonly status: "mailable"; readonly via: "address"; readonly addresses: readonly string[] }
  | { readonly status: "unmailable"; readonly reason: "null-mx" | "nxdomain" | "nodata" | "name" }
  | { readonly status: "temperror"; readonly reason: Exclude<FailureReason, "name"> };

/** What {@linkcode mailable} needs. */
export interface MailableOptions {
  /** Asks the DNS: `dnsResolver()` of `postern/dns`, or a table in tests. */
  readonly resolver: Resolver;
  /** Ends the wait with a temperror. */
  readonly signal?: AbortSignal;
}

/**
 * Finds out whether a domain can receive mail, from its MX, A and AAAA records. Whether a server listens there is not
 * tried.
 *
 * @example
 * ```ts
 * import { staticResolver } from "postern/dns";
 *
 * const resolver = staticResolver({ "example.com": { MX: [{ preference: 0, exchange: "." }] } });
 * await mailable("example.com", { resolver }); // { status: "unmailable", reason: "null-mx" }
 * ```
 */
export async function mailable(domain: string, { resolver, signal }: MailableOptions): Promise<Mailability> {
  const options = signal === undefined ? {} : { signal };
  const mx = await resolver.resolve(domain, "MX", options);
  if (mx.status === "ok") return fromExchanges(mx.records);
  if (mx.status === "nxdomain") return { status: "unmailable", reason: "nxdomain" };
  if (mx.status === "failure") return failed(mx.reason);
  const [a, aaaa] = await Promise.all([
    resolver.resolve(domain, "A", options),
    resolver.resolve(domain, "AAAA", options),
  ]);
  const addresses = [...(a.status === "ok" ? a.records : []), ...(aaaa.status === "ok" ? aaaa.records : [])];
  if (addresses.length > 0) return { status: "mailable", via: "address", addresses };
  if (a.status === "failure") return failed(a.reason);
  if (aaaa.status === "failure") return failed(aaaa.reason);
  return { status: "unmailable", reason: a.status === "nxdomain" ? "nxdomain" : "nodata" };
}

function fromExchanges(records: readonly MxRecord[]): Mailability {
  // A null MX beside others contradicts itself (RFC 7505 section 3); the others then count.
  const exchanges = records.filter(({ exchange }) => exchange !== "." && exchange !== "");
  if (exchanges.length === 0) return { status: "unmailable", reason: "null-mx" };
  exchanges.sort((one, other) => one.preference - other.preference);
  return { status: "mailable", via: "mx", exchanges };
}

function failed(reason: FailureReason): Mailability {
  return reason === "name" ? { status: "unmailable", reason } : { status: "temperror", reason };
}
