/** What can be said of a DKIM signature before any key is asked for (RFC 6376 section 6.1.1), and what its key adds. */

import { isWithin } from "../../dns/mod.ts";
import { isDomain } from "../../protocol/domain.ts";
import { listed, parseTags, unspaced } from "./tags.ts";

/** A `DKIM-Signature` field. */
export interface Signature {
  /** `d=`, in lower case; empty where there is none. */
  readonly domain: string;
  /** `s=`. */
  readonly selector: string;
  /** `a=`. */
  readonly algorithm: string;
  /** `i=`, or what stands for it: `@` and the domain. */
  readonly identity: string;
  /** `b=` without blanks. */
  readonly signature: string;
  /** What keeps it from being verified. */
  readonly problem?: string;
}

/** RFC 8463 section 3 and RFC 8301 section 3.1: rsa-sha1 must not be taken for a signature any more. */
const algorithms = ["rsa-sha256", "ed25519-sha256"];

/**
 * Reads the value of a signature field.
 *
 * @param now milliseconds since 1970.
 */
export function readSignature(value: string, now: number): Signature {
  const tags = parseTags(value);
  const domain = tags?.get("d")?.toLowerCase() ?? "";
  const identity = tags?.get("i") ?? `@${domain}`;
  const problem = tags === undefined ? "not a list of tags" : problemOf(tags, domain, identity, now);
  return {
    domain,
    selector: tags?.get("s") ?? "",
    algorithm: tags?.get("a")?.toLowerCase() ?? "",
    identity,
    signature: unspaced(tags?.get("b")),
    ...(problem === undefined ? {} : { problem }),
  };
}

function problemOf(
  tags: ReadonlyMap<string, string>,
  domain: string,
  identity: string,
  now: number,
): string | undefined {
  if (tags.get("v") !== "1") return "unknown version";
  const missing = ["a", "b", "bh", "d", "h", "s"].find((name) => unspaced(tags.get(name)) === "");
  if (missing !== undefined) return `no ${missing}=`;
  if (!isAccepted(tags)) return "algorithm not accepted";
  if (!canonicalizations.test(tags.get("c") ?? "simple")) return "unknown c=";
  if (!listed(tags.get("q") ?? "dns/txt").includes("dns/txt")) return "unknown q=";
  const names = listed(tags.get("h")!);
  if (!names.every((name) => /^[!-9;-~]+$/.test(name))) return "h= is no list of fields";
  if (!names.includes("from")) return "From not signed";
  // The DNS has names that are no domains: a key under one of them speaks for nobody (section 3.5).
  if (!isDomain(domain)) return "d= is no domain";
  const at = identity.lastIndexOf("@");
  if (at >= 0 && !isDomain(identity.slice(at + 1))) return "i= is no address";
  if (at < 0 || !isWithin(identity.slice(at + 1), domain)) return "domain mismatch";
  const odd = numberProblem(tags);
  if (odd !== undefined) return odd;
  const [signed, expires] = [Number(tags.get("t") ?? 0), Number(tags.get("x") ?? Infinity)];
  if (expires < signed) return "expires before it was made";
  return expires * 1000 < now ? "expired" : undefined;
}

/** What `c=` may say. */
export const canonicalizations: RegExp = /^(?:simple|relaxed)(?:\/(?:simple|relaxed))?$/i;

/** Whether `a=`, which must be there, names an algorithm that is believed. */
export function isAccepted(tags: ReadonlyMap<string, string>): boolean {
  return algorithms.includes(tags.get("a")!.toLowerCase());
}

/** Which of the tags that are numbers is none. */
export function numberProblem(tags: ReadonlyMap<string, string>): string | undefined {
  const odd = ["l", "t", "x"].find((name) => !/^\d{1,76}$/.test(tags.get(name) ?? "0"));
  return odd === undefined ? undefined : `${odd}= is no number`;
}

/**
 * What a key forbids (RFC 6376 section 3.6.1).
 *
 * @param record the key record; blanks do not count.
 */
export function keyProblem(record: string, { domain, identity }: Signature): string | undefined {
  const tags = parseTags(record);
  if (tags === undefined) return "key is not a list of tags";
  if (tags.has("v") && (tags.get("v") !== "DKIM1" || !/^\s*v\s*=/.test(record))) return "unknown key version";
  if (!listed(tags.get("h") ?? "sha256").includes("sha256")) return "key is not for sha256";
  const services = listed(tags.get("s") ?? "*");
  if (!services.includes("*") && !services.includes("email")) return "key is not for mail";
  const own = identity.slice(identity.lastIndexOf("@") + 1).toLowerCase();
  if (listed(tags.get("t") ?? "").includes("s") && own !== domain) return "key is not for subdomains";
  return undefined;
}
