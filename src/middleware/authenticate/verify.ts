/** DKIM and ARC, from one reading of the message. */

import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { splitHeader } from "../../protocol/header.ts";
import type { Content } from "../../session/content.ts";
import type { KeyLookups } from "./keys.ts";
import { type ChainLink, mailauth, type VerifiedSignature } from "./mailauth.ts";
import { keyProblem, readSignature, type Signature } from "./signature.ts";
import { parseTags } from "./tags.ts";
import type { ArcVerdict, DkimVerdict } from "./verdict.ts";

/** Signatures past this number cost time and prove nothing. */
const mostSignatures = 10;

/** What signatures say. */
export interface Signatures {
  readonly dkim: readonly DkimVerdict[];
  readonly arc: ArcVerdict;
}

/** Verifies the signatures of a message. */
export async function verifySignatures(
  content: Content,
  keys: KeyLookups,
  now: number,
): Promise<Signatures> {
  const { dkimVerify, arc } = await mailauth();
  const fields = splitHeader(content.header);
  const signed = fields.filter(({ name }) => name.toLowerCase() === "dkim-signature");
  const signatures = once(signed.slice(0, mostSignatures).map(({ value }) => readSignature(value, now)));
  for (const { selector, domain, problem } of signatures) {
    if (problem === undefined) keys.begin(selector, domain);
  }
  for (const { name, value } of fields.slice(0, 200)) {
    if (/^arc-(?:seal|message-signature)$/i.test(name)) beginSeal(keys, value);
  }
  // The rest is hidden from the library, which would hash the text once for each `l=`.
  const header = Buffer.concat(
    fields.filter((field) => signed.indexOf(field) < mostSignatures).map(({ octets }) => octets),
  );
  const options = { resolver: keys.resolve };
  const verified = await dkimVerify(Readable.from(withHeader(content, header), { objectMode: false }), options);
  const dkim = signatures.map((signature) => judge(signature, verified.results));
  const chain = verified.arc?.chain || [];
  for (const link of chain) nameAlgorithm(link);
  const { status, i } = await arc(verified.arc ?? {}, options);
  return { dkim, arc: judgeChain(status.result, status.comment, i || chain.length, chain, keys) };
}

/** The library's results are found by what was signed: a copy must not be taken for the original. */
function once(signatures: readonly Signature[]): Signature[] {
  const known = new Set<string>();
  return signatures.map((one) => {
    const key = `${one.domain} ${one.selector} ${one.signature}`;
    if (known.has(key)) return { ...one, problem: "the same signature again" };
    known.add(key);
    return one;
  });
}

/** The message with another header section. One without text gets the empty line that the library waits for. */
async function* withHeader(content: Content, header: Uint8Array): AsyncGenerator<Uint8Array> {
  let skip = content.header.length;
  yield header;
  if (skip === content.size) yield Buffer.from("\r\n");
  for await (const piece of content.read()) {
    if (skip < piece.length) yield Buffer.from(piece.buffer, piece.byteOffset + skip, piece.length - skip);
    skip = Math.max(0, skip - piece.length);
  }
}

function beginSeal(keys: KeyLookups, value: string): void {
  const tags = parseTags(value);
  if (tags?.has("s") && tags.has("d")) keys.begin(tags.get("s")!, tags.get("d")!);
}

function judge(signature: Signature, results: readonly VerifiedSignature[]): DkimVerdict {
  const { domain, selector, identity, algorithm } = signature;
  const about = { domain, selector, identity, algorithm, signature: signature.signature.slice(0, 8) };
  if (signature.problem !== undefined) {
    const result = signature.problem === "expired" ? "fail" : "permerror";
    return { result, ...about, reason: signature.problem };
  }
  const found = results.find((result) =>
    result.signingDomain?.toLowerCase() === domain && result.selector === selector &&
    result.signature === signature.signature
  );
  if (found === undefined) return { result: "permerror", ...about, reason: "cannot be read" };
  const { status, rr } = found;
  const wrong = rr === undefined ? undefined : keyProblem(rr, signature);
  if (wrong !== undefined) return { result: "permerror", ...about, reason: wrong };
  switch (status.result) {
    case "pass":
      if (status.underSized) return { result: "policy", ...about, reason: "part of the text is not signed" };
      return { result: "pass", ...about };
    case "fail":
      return { result: "fail", ...about, reason: "bad signature" };
    case "policy":
      return { result: "policy", ...about, reason: "key is too short" };
    case "temperror":
      return { result: "temperror", ...about, reason: "key could not be looked up" };
    default: {
      const reason = status.comment ?? "cannot be verified";
      return { result: reason === "body hash did not verify" ? "fail" : "permerror", ...about, reason };
    }
  }
}

/** The library is lenient with the form of the fields, and takes DNS trouble for a broken chain. */
function judgeChain(
  result: string,
  comment: string | undefined,
  instances: number,
  chain: readonly ChainLink[],
  keys: KeyLookups,
): ArcVerdict {
  if (result === "none") return { result, instances: 0 };
  const seals = chain.map((link) => tagsIn(link["arc-seal"].original));
  const messages = chain.map((link) => tagsIn(link["arc-message-signature"].original));
  const sealer = seals.at(-1)?.get("d")?.toLowerCase();
  const about = { instances, ...(sealer === undefined ? {} : { sealer }) };
  const asked = [...seals, messages.at(-1)];
  if (result === "pass") {
    const isWhole = seals.every((tags) => hasAll(tags, ["i", "a", "b", "cv", "d", "s"])) &&
      messages.every((tags) => hasAll(tags, ["i", "a", "b", "bh", "d", "h", "s"]));
    if (!isWhole) return { result: "fail", ...about, reason: "malformed field" };
    return { result, ...about };
  }
  const isTroubled = asked.some((tags) =>
    tags !== undefined && keys.isTroubled(tags.get("s") ?? "", tags.get("d") ?? "")
  );
  if (isTroubled) return { result: "temperror", ...about, reason: "key could not be looked up" };
  return { result: "fail", ...about, reason: comment ?? "the chain does not verify" };
}

/** Without it the library leaves the choice to the runtime, and Deno makes none. */
function nameAlgorithm({ "arc-seal": seal }: ChainLink): void {
  seal.algorithm ??= tagsIn(seal.original)?.get("a")?.toLowerCase() ?? "rsa-sha256";
  seal.signAlgo ??= seal.algorithm.split("-")[0]!;
}

/** Names are case-sensitive (RFC 6376 section 3.2). */
function hasAll(tags: ReadonlyMap<string, string> | undefined, names: readonly string[]): boolean {
  return tags !== undefined && names.every((name) => tags.has(name));
}

function tagsIn(field: Buffer): ReadonlyMap<string, string> | undefined {
  const line = field.toString("latin1");
  return parseTags(line.slice(line.indexOf(":") + 1));
}
