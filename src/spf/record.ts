import { type MacroString, parseDomainSpec, parseMacroString } from "./macro.ts";
import { parseNetwork } from "./network.ts";

/** What a match means (RFC 7208 section 4.6.2): pass, fail, softfail, neutral. */
export type Qualifier = "+" | "-" | "~" | "?";

/** A test for the client (section 5). Without a target it is the domain whose record this is. */
export type Mechanism =
  | { readonly kind: "all" }
  | { readonly kind: "include"; readonly target: MacroString }
  | { readonly kind: "exists"; readonly target: MacroString }
  | {
    readonly kind: "a" | "mx";
    readonly target: MacroString | undefined;
    readonly prefix4: number;
    readonly prefix6: number;
  }
  | { readonly kind: "ptr"; readonly target: MacroString | undefined }
  | { readonly kind: "ip4" | "ip6"; readonly network: string; readonly prefix: number };

/** One directive of a record. */
export interface Directive {
  readonly qualifier: Qualifier;
  readonly mechanism: Mechanism;
  /** As published, without the qualifier. */
  readonly text: string;
}

/** A record whose syntax is right throughout. */
export interface SpfRecord {
  readonly directives: readonly Directive[];
  readonly redirect: MacroString | undefined;
  readonly explanation: MacroString | undefined;
}

/** Why a record is not one. */
export interface SyntaxProblem {
  readonly problem: string;
}

/** The records among the TXT records of a name that are SPF's: `v=spf1`, then a space or the end (section 4.5). */
export function selectRecords(texts: readonly string[]): string[] {
  return texts.filter((text) => /^v=spf1(?: |$)/i.test(text));
}

/** Reads a record whole: an error anywhere in it spoils all of it (section 4.6). */
export function parseRecord(text: string): SpfRecord | SyntaxProblem {
  const directives: Directive[] = [];
  const modifiers = new Map<string, MacroString>();
  for (const term of text.split(" ").slice(1)) {
    if (term === "") continue; // terms are apart by one or more spaces, and spaces may end the record
    const [, qualifier, name, rest] = /^([-+~?]?)([a-z][a-z\d_.-]*)(.*)$/is.exec(term) ?? [];
    if (name === undefined || rest === undefined) return wrong(term, "is no term");
    if (rest.startsWith("=")) {
      const problem = qualifier === "" ? readModifier(name.toLowerCase(), rest.slice(1), modifiers) : "has a qualifier";
      if (problem !== undefined) return wrong(term, problem);
      continue;
    }
    const mechanism = parseMechanism(name.toLowerCase(), rest);
    if (mechanism === undefined) {
      return wrong(term, "is no mechanism that RFC 7208 knows, or is not written as it asks");
    }
    directives.push({ qualifier: (qualifier || "+") as Qualifier, mechanism, text: name + rest });
  }
  return { directives, redirect: modifiers.get("redirect"), explanation: modifiers.get("exp") };
}

/** Returns what is wrong with it. Unknown modifiers are passed over, but their syntax must be right (section 6). */
function readModifier(name: string, value: string, modifiers: Map<string, MacroString>): string | undefined {
  const known = name === "redirect" || name === "exp";
  const parsed = known ? parseDomainSpec(value) : parseMacroString(value);
  if (parsed === undefined) return "has a value that is not written as RFC 7208 section 7 asks";
  if (known && modifiers.has(name)) return "stands there twice";
  if (known) modifiers.set(name, parsed);
  return undefined;
}

function parseMechanism(kind: string, rest: string): Mechanism | undefined {
  switch (kind) {
    case "all":
      return rest === "" ? { kind } : undefined;
    case "include":
    case "exists": {
      const target = rest.startsWith(":") ? parseDomainSpec(rest.slice(1)) : undefined;
      return target && { kind, target };
    }
    case "ptr": {
      if (rest === "") return { kind, target: undefined };
      const target = rest.startsWith(":") ? parseDomainSpec(rest.slice(1)) : undefined;
      return target && { kind, target };
    }
    case "a":
    case "mx":
      return parseHosts(kind, rest);
    case "ip4":
    case "ip6": {
      const network = rest.startsWith(":") ? parseNetwork(kind, rest.slice(1)) : undefined;
      return network && { kind, ...network };
    }
    default:
      return undefined;
  }
}

/** `[ ":" domain-spec ] [ dual-cidr-length ]`. A domain-spec may hold slashes, so the lengths are taken off the end. */
function parseHosts(kind: "a" | "mx", rest: string): Mechanism | undefined {
  const [lengths = "", four, six] = /(?:\/(0|[1-9]\d{0,2}))?(?:\/\/(0|[1-9]\d{0,2}))?$/.exec(rest) ?? [];
  const prefix4 = four === undefined ? 32 : Number(four);
  const prefix6 = six === undefined ? 128 : Number(six);
  if (prefix4 > 32 || prefix6 > 128) return undefined;
  const spec = rest.slice(0, rest.length - lengths.length);
  if (spec === "") return { kind, target: undefined, prefix4, prefix6 };
  const target = spec.startsWith(":") ? parseDomainSpec(spec.slice(1)) : undefined;
  return target && { kind, target, prefix4, prefix6 };
}

/** Quotes the term for logs and headers: it comes from a stranger. */
function wrong(term: string, problem: string): SyntaxProblem {
  const shown = term.length > 60 ? term.slice(0, 60) + "…" : term;
  return { problem: `${JSON.stringify(shown.replace(/[^ -~…]/g, "?"))} ${problem}` };
}
