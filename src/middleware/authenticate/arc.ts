/** The chain of those who passed a message on, and its validation (RFC 8617 section 5.2). */

import { Buffer } from "node:buffer";
import type { RawField } from "../../protocol/header.ts";
import { canonicalField, unsigned } from "./canonical.ts";
import type { KeyLookups } from "./keys.ts";
import { type Finding, type Signer, verifyWithKey } from "./publickey.ts";
import { canonicalizations, isAccepted, numberProblem } from "./signature.ts";
import { parseTags, unspaced } from "./tags.ts";
import type { ArcVerdict } from "./verdict.ts";

/** One `ARC-Seal` or `ARC-Message-Signature`. */
export interface ArcField {
  readonly field: RawField;
  readonly tags: ReadonlyMap<string, string>;
}

/** What one of them added. */
interface ArcSet {
  readonly results: RawField;
  readonly message: ArcField;
  readonly seal: ArcField;
}

/** RFC 8617 section 4.2.1. */
const mostSets = 50;

/** Keys that are asked for at once; those of the other seals follow while these are looked at. */
const ahead = 4;

const required = {
  "arc-seal": ["i", "a", "b", "cv", "d", "s"],
  "arc-message-signature": ["i", "a", "b", "bh", "d", "h", "s"],
} as const;

/**
 * The sets of a message in their order, or what is wrong with them. Nothing is asked for a chain that is not whole:
 * its fields cost the sender nothing.
 */
export function arcChain(fields: readonly RawField[]): readonly ArcSet[] | string {
  const sets: { results?: RawField; message?: ArcField; seal?: ArcField }[] = [];
  for (const field of fields) {
    const name = field.name.toLowerCase();
    if (name === "arc-authentication-results") {
      const at = setNumber(
        /^(?:\s|\([^()]*\))*i\s*=\s*(\d+)\s*(?:\([^()]*\)\s*)?;/.exec(field.value.slice(0, 998))?.[1],
      );
      if (at === undefined) return "malformed field";
      if (sets[at]?.results !== undefined) return "a field comes twice";
      (sets[at] ??= {}).results = field;
    } else if (name === "arc-seal" || name === "arc-message-signature") {
      const tags = parseTags(field.value);
      const at = setNumber(tags?.get("i"));
      if (tags === undefined || at === undefined) return "malformed field";
      // An empty `h=` signs no field, which is allowed.
      const isWhole = required[name].every((tag) => tag === "h" ? tags.has(tag) : unspaced(tags.get(tag)) !== "");
      if (!isWhole) return "malformed field";
      const part = name === "arc-seal" ? "seal" : "message";
      if (sets[at]?.[part] !== undefined) return "a field comes twice";
      (sets[at] ??= {})[part] = { field, tags };
    }
  }
  const chain: ArcSet[] = [];
  for (let at = 0; at < sets.length; at++) {
    const { results, message, seal } = sets[at] ?? {};
    if (results === undefined || message === undefined || seal === undefined) return "the chain is not whole";
    const wrong = sealProblem(seal.tags, at) ?? messageProblem(message.tags);
    if (wrong !== undefined) return wrong;
    chain.push({ results, message, seal });
  }
  return chain;
}

/** Where the set stands, counted from 0. */
function setNumber(instance: string | undefined): number | undefined {
  const number = Number(/^\d{1,2}$/.exec(instance ?? "")?.[0]);
  return number >= 1 && number <= mostSets ? number - 1 : undefined;
}

function sealProblem(tags: ReadonlyMap<string, string>, at: number): string | undefined {
  if (tags.has("h")) return "a seal names fields";
  const how = tags.get("c")?.toLowerCase();
  if (how !== undefined && how !== "relaxed/relaxed") return "unknown c=";
  if (!isAccepted(tags)) return "algorithm not accepted";
  const said = tags.get("cv")!.toLowerCase();
  return said === (at === 0 ? "none" : "pass") ? undefined : `i=${at + 1} cv=${said}`;
}

function messageProblem(tags: ReadonlyMap<string, string>): string | undefined {
  if (!isAccepted(tags)) return "algorithm not accepted";
  if (!canonicalizations.test(tags.get("c") ?? "relaxed")) return "unknown c=";
  const odd = numberProblem(tags);
  if (odd !== undefined) return odd;
  return unspaced(tags.get("h")).toLowerCase().split(":").includes("arc-seal") ? "a seal is signed" : undefined;
}

/**
 * Asks every seal, the last first, and then the last `ARC-Message-Signature`. The first that is no pass decides.
 *
 * @param ask about that signature.
 */
export async function judgeChain(
  chain: readonly ArcSet[],
  ask: () => Promise<Finding>,
  keys: KeyLookups,
): Promise<ArcVerdict> {
  const about = { instances: chain.length, sealer: signerOf(chain.at(-1)!.seal.tags).domain };
  const sealed = sealedTexts(chain);
  for (let at = chain.length; at >= 0; at--) {
    for (const { seal: { tags } } of chain.slice(Math.max(0, at - ahead), at)) {
      keys.begin(tags.get("s")!, tags.get("d")!);
    }
    const { result, reason = "does not verify" } = at === 0
      ? await ask()
      : await verifyWithKey(signerOf(chain[at - 1]!.seal.tags), Buffer.from(sealed[at - 1]!, "latin1"), keys);
    if (result === "temperror") return { result, ...about, reason };
    if (result !== "pass") return { result: "fail", ...about, reason: at === 0 ? reason : `i=${at} seal: ${reason}` };
  }
  return { result: "pass", ...about };
}

/** What each seal is over: all sets up to its own, and itself last (RFC 8617 section 5.1.1). */
function sealedTexts(chain: readonly ArcSet[]): readonly string[] {
  let earlier = "";
  return chain.map(({ results, message, seal }) => {
    const own = canonicalField(results, "relaxed") + canonicalField(message.field, "relaxed");
    const text = earlier + own + unsigned(seal.field, "relaxed");
    earlier += own + canonicalField(seal.field, "relaxed");
    return text;
  });
}

/** Who signed, of a field whose tags are all there. */
export function signerOf(tags: ReadonlyMap<string, string>): Signer {
  const domain = tags.get("d")!.toLowerCase();
  return {
    domain,
    selector: tags.get("s")!,
    identity: `@${domain}`,
    algorithm: tags.get("a")!.toLowerCase(),
    signature: unspaced(tags.get("b")),
  };
}
