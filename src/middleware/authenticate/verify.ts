/** DKIM and ARC, from one reading of the message. */

import { type RawField, splitHeader } from "../../protocol/header.ts";
import type { Content } from "../../session/content.ts";
import { arcChain, judgeChain, signerOf } from "./arc.ts";
import { hashBody, type HashedBody } from "./body.ts";
import { type Canonicalization, signedHeader } from "./canonical.ts";
import type { KeyLookups } from "./keys.ts";
import { type Finding, type Signer, verifyWithKey } from "./publickey.ts";
import { readSignature, type Signature } from "./signature.ts";
import { listed, parseTags, unspaced } from "./tags.ts";
import type { ArcVerdict, DkimVerdict } from "./verdict.ts";

/** Signatures past this number cost time and prove nothing. */
const mostSignatures = 10;

/** What signatures say. */
export interface Signatures {
  readonly dkim: readonly DkimVerdict[];
  readonly arc: ArcVerdict;
}

/** What a field says it signs, and how. */
interface Claim {
  readonly field: RawField;
  readonly names: readonly string[];
  readonly header: Canonicalization;
  readonly body: Canonicalization;
  readonly bodyHash: string;
  /** `l=`. */
  readonly length?: number;
}

type Bodies = ReadonlyMap<Canonicalization, HashedBody> | undefined;

/** Verifies the signatures of a message. */
export async function verifySignatures(
  content: Content,
  keys: KeyLookups,
  now: number,
): Promise<Signatures> {
  const fields = splitHeader(content.header);
  const signatures = fields.filter(({ name }) => name.toLowerCase() === "dkim-signature").slice(0, mostSignatures)
    .map((field) => ({ field, signature: readSignature(field.value, now) }));
  const sound = signatures.filter(({ signature }) => signature.problem === undefined);
  for (const { signature: { selector, domain } } of sound) keys.begin(selector, domain);
  const chain = arcChain(fields);
  const last = typeof chain === "string" ? undefined : chain.at(-1);
  if (last !== undefined) keys.begin(last.message.tags.get("s")!, last.message.tags.get("d")!);
  const claims = new Map(sound.map(({ field, signature }) => [signature, claimOf(field, parseTags(field.value)!)]));
  // Chains in which it is left out are older than the RFC, which says what DKIM says.
  const passed = last === undefined ? undefined : claimOf(last.message.field, last.message.tags, "relaxed/relaxed");
  const asked = [...claims.values(), ...(passed === undefined ? [] : [passed])];
  const bodies = asked.length === 0 ? undefined : await hashBody(content, hashesFor(asked), keys.signal);
  const find = (claim: Claim, signer: Signer): Promise<Finding> => findingOf(claim, bodies, fields, signer, keys);
  const dkim: DkimVerdict[] = [];
  for (const { signature } of signatures) {
    const claim = claims.get(signature);
    dkim.push(verdictOf(signature, claim === undefined ? unsound(signature) : await find(claim, signature)));
  }
  if (typeof chain === "string") return { dkim, arc: { result: "fail", instances: 0, reason: chain } };
  if (last === undefined || passed === undefined) return { dkim, arc: { result: "none", instances: 0 } };
  const { tags } = last.message;
  const isExpired = Number(tags.get("x") ?? Infinity) * 1000 < now;
  const ask = async (): Promise<Finding> =>
    isExpired ? { result: "fail", reason: "expired" } : await find(passed, signerOf(tags));
  return { dkim, arc: await judgeChain(chain, ask, keys) };
}

/** @param unsaid what stands for `c=` where there is none. */
function claimOf(field: RawField, tags: ReadonlyMap<string, string>, unsaid = "simple/simple"): Claim {
  const [header, body = "simple"] = (tags.get("c") ?? unsaid).toLowerCase().split("/");
  const length = tags.get("l");
  return {
    field,
    names: listed(tags.get("h")!),
    header: header as Canonicalization,
    body: body as Canonicalization,
    bodyHash: unspaced(tags.get("bh")),
    ...(length === undefined ? {} : { length: Number(length) }),
  };
}

/** Two at most, however many signatures there are. */
function hashesFor(claims: readonly Claim[]): ReadonlyMap<Canonicalization, readonly number[]> {
  const wanted = new Map<Canonicalization, number[]>();
  for (const { body, length } of claims) {
    const lengths = wanted.get(body) ?? [];
    wanted.set(body, length === undefined ? lengths : [...lengths, length]);
  }
  return wanted;
}

async function findingOf(
  claim: Claim,
  bodies: Bodies,
  fields: readonly RawField[],
  signer: Signer,
  keys: KeyLookups,
): Promise<Finding> {
  const body = bodies?.get(claim.body);
  if (body === undefined) return { result: "temperror", reason: "out of time" };
  const { length = body.length } = claim;
  // RFC 6376 section 3.5: it must not be.
  if (length > body.length) return { result: "permerror", reason: "l= is more than there is" };
  if (body.digests.get(length)?.toString("base64") !== claim.bodyHash) {
    return { result: "fail", reason: "body hash did not verify" };
  }
  const finding = await verifyWithKey(signer, signedHeader(fields, claim.names, claim.field, claim.header), keys);
  if (finding.result !== "pass" || length === body.length) return finding;
  return { result: "policy", reason: "part of the text is not signed" };
}

function unsound({ problem }: Signature): Finding {
  return { result: problem === "expired" ? "fail" : "permerror", reason: problem! };
}

function verdictOf(signature: Signature, { result, reason }: Finding): DkimVerdict {
  const { domain, selector, identity, algorithm } = signature;
  const about = { domain, selector, identity, algorithm, signature: signature.signature.slice(0, 8) };
  return { result, ...about, ...(reason === undefined ? {} : { reason }) };
}
