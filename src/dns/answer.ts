import type { Reply, ResourceRecord } from "./message.ts";
import { canonicalName } from "./name.ts";
import { type Absent, type Failure, failure, type Found, type MxRecord, type RecordType } from "./resolver.ts";

/** Longer CNAME chains than this are taken for a mistake or an attack. */
export const longestChain = 12;

/** The chain left the message: ask for its end. */
export interface Follow {
  readonly status: "follow";
  readonly name: string;
  readonly ttl: number;
  /** The names passed so far, in the form to compare, so that a loop over several messages shows. */
  readonly seen: ReadonlySet<string>;
}

/**
 * Reads the answer for a name out of a reply. Only records on the CNAME chain that starts at the name count (RFC 5452
 * section 6): whatever else a server adds is not what was asked.
 *
 * @param before the names already followed in earlier replies
 */
export function answerFrom(
  reply: Reply,
  name: string,
  type: RecordType,
  before: ReadonlySet<string> = new Set(),
): Found | Absent | Failure | Follow {
  const seen = new Set(before);
  let owner = canonicalName(name);
  let ttl = Infinity;
  let followed = false;
  for (;;) {
    if (seen.has(owner)) return failure("loop", `CNAME loop at ${printable(owner)}`);
    if (seen.size >= longestChain) return failure("loop", `CNAME chain over ${longestChain} names`);
    seen.add(owner);
    const own = reply.answers.filter((record) => canonicalName(record.name) === owner);
    const wanted = own.filter((record) => record.type === type);
    if (wanted.length > 0) {
      for (const record of wanted) ttl = Math.min(ttl, record.ttl);
      return {
        status: "ok",
        name: printable(owner),
        records: Object.freeze(wanted.map((record) => dataOf(record, type))),
        ttl,
      };
    }
    const alias = own.find((record) => record.type === "CNAME");
    if (alias === undefined) break;
    ttl = Math.min(ttl, alias.ttl);
    owner = canonicalName(alias.data as string);
    followed = true;
  }
  const soa = reply.authorities.find((record) => record.type === "SOA");
  // With a chain, NXDOMAIN speaks of its end (RFC 6604 section 3).
  if (reply.rcode === "NXDOMAIN") return { status: "nxdomain", ttl: Math.min(ttl, negativeTtl(soa)) };
  if (followed && soa === undefined) {
    seen.delete(owner);
    return { status: "follow", name: owner, ttl, seen };
  }
  return { status: "nodata", ttl: Math.min(ttl, negativeTtl(soa)) };
}

/** RFC 2308 section 5: the lesser of the SOA's TTL and its MINIMUM; without an SOA, do not keep it. */
function negativeTtl(soa: ResourceRecord | undefined): number {
  if (soa === undefined) return 0;
  const { minimum = 0 } = soa.data as { minimum?: number };
  return Math.min(soa.ttl, minimum);
}

function dataOf(record: ResourceRecord, type: RecordType): string | MxRecord {
  if (type === "TXT") return text(record.data as Uint8Array | readonly Uint8Array[]);
  if (type === "MX") {
    const { preference = 0, exchange } = record.data as { preference?: number; exchange: string };
    return Object.freeze({ preference, exchange: printable(exchange) });
  }
  return type === "A" || type === "AAAA" ? (record.data as string) : printable(record.data as string);
}

/** One character a byte; `latin1` of TextDecoder would turn 0x80 to 0x9f into other characters. */
function text(data: Uint8Array | readonly Uint8Array[]): string {
  const strings = data instanceof Uint8Array ? [data] : data;
  let joined = "";
  for (const bytes of strings) {
    for (const byte of bytes) joined += String.fromCharCode(byte);
  }
  return joined;
}

/**
 * A name from the wire may hold any octet. What is not visible ASCII is written `\DDD` (RFC 1035 section 5.1), so that
 * a PTR record cannot put a line break into a log or a header.
 */
function printable(name: string): string {
  return name.replace(
    /[^\x21-\x5b\x5d-\x7e]/g,
    (character) => "\\" + String(character.charCodeAt(0) & 255).padStart(3, "0"),
  );
}
