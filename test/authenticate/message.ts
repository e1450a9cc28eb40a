import { type Resolver, staticResolver, type StaticTable } from "../../src/dns/mod.ts";
import { KeyLookups } from "../../src/middleware/authenticate/keys.ts";
import { type Signatures, verifySignatures } from "../../src/middleware/authenticate/verify.ts";
import { Spool } from "../../src/spool/spool.ts";

/** The signatures of a message, read from a spool in pieces of the given size. */
export async function signaturesOf(
  text: string,
  dns: StaticTable | Resolver,
  piece: number = 1 << 16,
): Promise<Signatures> {
  const content = new Spool({ memoryPerMessage: 1 << 20 }).open();
  const bytes = new TextEncoder().encode(text.replace(/\r?\n/g, "\r\n"));
  for (let at = 0; at < bytes.length; at += piece) content.append(bytes.slice(at, at + piece));
  const resolver = "resolve" in dns && typeof dns.resolve === "function"
    ? dns as Resolver
    : staticResolver(dns as StaticTable);
  try {
    return await verifySignatures(content, new KeyLookups(resolver, new AbortController().signal), Date.now());
  } finally {
    content.release();
  }
}
