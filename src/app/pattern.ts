/** Address patterns: `support@example.com`, `*@example.com`, `:user@:tenant.example.com`, `reply+:token@example.com`, `*`. */

import { isAddressLiteral, isDomain, toALabels } from "../protocol/domain.ts";

/** The parameter names in a pattern, as the path type that Hono reads them from. */
export type PatternPath<P extends string> = P extends `${infer Local}@${infer Domain}`
  ? `/${PartPath<Domain>}/${PartPath<Local>}`
  : "/*";
type PartPath<T extends string> = T extends `${string}:${infer Rest}` ? `:${NameIn<Rest>}` : "_";
type NameIn<T extends string> = T extends `${infer Name}.${string}` ? NameIn<Name>
  : T extends `${infer Name}+${string}` ? NameIn<Name>
  : T extends `${infer Name}-${string}` ? NameIn<Name>
  : T;

/** A parameter that is only a part of its path segment: `:tenant` in `:tenant.example.com`. */
export interface PartialParameter {
  readonly name: string;
  /** Octets before and after it in the segment. */
  readonly before: number;
  readonly after: number;
}

/** A pattern, compiled. */
export interface AddressPattern {
  /** What Hono routes by, to be put behind the stage: `/example.com/support`. */
  readonly path: string;
  readonly partial: readonly PartialParameter[];
}

/**
 * Compiles a pattern to a Hono path `/domain/local`.
 *
 * Both sides of a comparison are in lower case, domains in A-labels.
 *
 * @throws {TypeError} when the pattern is none.
 */
export function compilePattern(pattern: string): AddressPattern {
  if (pattern === "*") return { path: "/*", partial: [] };
  const at = pattern.lastIndexOf("@");
  if (at <= 0 || at === pattern.length - 1) throw patternError(pattern, "it has no local part, or no domain");
  const domain = compileDomain(pattern, pattern.slice(at + 1));
  const local = compileLocal(pattern, pattern.slice(0, at));
  const partial = [domain.partial, local.partial].filter((part) => part !== undefined);
  return { path: `/${domain.path}/${local.path}`, partial };
}

interface Segment {
  readonly path: string;
  readonly partial?: PartialParameter;
}

function compileDomain(pattern: string, text: string): Segment {
  if (text === "*") return { path: "*" };
  const { before, name, after } = splitParameter(pattern, text);
  if (name === undefined) {
    if (!isDomain(text) && !isAddressLiteral(text)) throw patternError(pattern, `"${text}" is not a domain`);
    return { path: literal(toALabels(text) ?? text) };
  }
  if (before === "" && after === "") return { path: `:${name}` };
  // What surrounds the parameter is compared in A-labels too: give it a label to be part of.
  const sample = `${before}x${after}`;
  if (!isDomain(sample)) throw patternError(pattern, `"${text}" is not a domain`);
  return partialSegment(name, before.toLowerCase(), (toALabels(`x${after}`) ?? "").slice(1), "[^/.]+");
}

function compileLocal(pattern: string, text: string): Segment {
  if (text === "*") return { path: "*" };
  const { before, name, after } = splitParameter(pattern, text);
  if (name === undefined) return { path: literal(text.toLowerCase()) };
  if (before === "" && after === "") return { path: `:${name}` };
  return partialSegment(name, before.toLowerCase(), after.toLowerCase(), "[^/]+");
}

function partialSegment(name: string, before: string, after: string, value: string): Segment {
  const [head, tail] = [literal(before), literal(after)];
  const path = `:${name}{${escapeRegExp(head)}${value}${escapeRegExp(tail)}}`;
  return { path, partial: { name, before: head.length, after: tail.length } };
}

function splitParameter(pattern: string, text: string): { before: string; name?: string; after: string } {
  const match = /^([^:]*):(\w+)(.*)$/.exec(text);
  if (match === null) {
    if (/[*:{}]/.test(text)) throw patternError(pattern, `"*" and ":" stand for a whole part, or begin a name`);
    return { before: text, after: "" };
  }
  const [, before = "", name = "", after = ""] = match;
  if (/[*:{}]/.test(before + after)) throw patternError(pattern, "each side of the @ has room for one parameter");
  return { before, name, after };
}

/** One side of an address as a path segment: how requests carry it. */
export function pathSegment(text: string): string {
  return encodeURIComponent(text);
}

/** The same segment as Hono's router sees it, and as a route must spell it. */
function literal(text: string): string {
  return decodeURI(pathSegment(text));
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function patternError(pattern: string, reason: string): TypeError {
  return new TypeError(
    `Cannot route "${pattern}": ${reason}. Write "support@example.com", "*@example.com", ":user@example.com", ` +
      `":user@:domain", "reply+:token@example.com", ":user@:tenant.example.com" or "*"`,
  );
}
