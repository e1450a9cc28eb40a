/**
 * Address patterns: `support@example.com`, `*@example.com`, `:user@:tenant.example.com`, `reply+:token@example.com`,
 * `*`.
 */

import { isAddressLiteral, isDomain, toALabels } from "../protocol/domain.ts";
import { parsePath } from "../protocol/path.ts";

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
  /** Characters before and after it in the segment, as `c.req.param()` gives it: decoded. */
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
  // The colons of `[IPv6:2001:db8::1]` begin no parameter.
  if (isAddressLiteral(text)) return { path: literal(text.toLowerCase()) };
  const { before, name, after } = splitParameter(pattern, text);
  if (name === undefined) {
    if (!isDomain(text)) throw patternError(pattern, `"${text}" is not a domain`);
    return { path: literal(toALabels(text) ?? text) };
  }
  if (before === "" && after === "") return { path: `:${name}` };
  // What surrounds the parameter is compared in A-labels too: give it a letter to be part of.
  if (!isDomain(`${before}x${after}`)) throw patternError(pattern, `"${text}" is not a domain`);
  const [head, tail] = [toALabels(`${before}x`), toALabels(`x${after}`)];
  if (
    !head?.endsWith("x") || !tail?.startsWith("x") || /[^\x00-\x7f][^.]*$/.test(before) ||
    /^[^.]*[^\x00-\x7f]/.test(after)
  ) {
    throw patternError(pattern, "a label of other letters than ASCII changes as a whole: it cannot hold a parameter");
  }
  return partialSegment(name, head.slice(0, -1), tail.slice(1), "[^/.]+");
}

function compileLocal(pattern: string, text: string): Segment {
  if (text === "*") return { path: "*" };
  if (text.startsWith('"')) return { path: literal(plain(pattern, lowerAscii(unquoted(pattern, text)))) };
  const { before, name, after } = splitParameter(pattern, text);
  if (name === undefined) return { path: literal(lowerAscii(text)) };
  if (before === "" && after === "") return { path: `:${name}` };
  return partialSegment(name, lowerAscii(before), lowerAscii(after), "[^/]+");
}

/** What a quoted local part stands for, as it is compared: `"john doe"` is `john doe`. */
function unquoted(pattern: string, text: string): string {
  const path = parsePath(`<${text}@x>`);
  if (typeof path === "string" || path.mailbox === null) throw patternError(pattern, `${text} is not a local part`);
  return path.mailbox.local;
}

/** @param before in the form in which requests carry it, as `after`: lower case, A-labels. */
function partialSegment(name: string, before: string, after: string, value: string): Segment {
  const path = `:${name}{${escapeRegExp(literal(before))}${value}${escapeRegExp(literal(after))}}`;
  return { path, partial: { name, before: before.length, after: after.length } };
}

function splitParameter(pattern: string, text: string): { before: string; name?: string; after: string } {
  const match = /^([^:]*):(\w+)(.*)$/s.exec(text);
  if (match === null) return { before: plain(pattern, text), after: "" };
  const [, before = "", name = "", after = ""] = match;
  if (after.includes(":")) throw patternError(pattern, "each side of the @ has room for one parameter");
  return { before: plain(pattern, before), name, after: plain(pattern, after) };
}

/** Text that means itself. The router has meanings of its own for these characters, and no way to undo them. */
function plain(pattern: string, text: string): string {
  const special = /[*:{|}]/.exec(text);
  if (special === null) return text;
  throw patternError(
    pattern,
    `"*" and ":" stand for a whole part, or begin a name, and no part can hold "${special[0]}" otherwise; take ` +
      `it with ":user" and compare c.req.param("user")`,
  );
}

/** Case is ignored in ASCII only: other letters have folds that make one address of two (U+212A is no `k`). */
export function lowerAscii(text: string): string {
  return /[^\x00-\x7f]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text.toLowerCase();
}

/** One side of an address as a path segment: how requests carry it. */
export function pathSegment(text: string): string {
  // URL parsers resolve `.` and `..` away, however they are encoded: they keep the quotes they must have had. Whoever
  // has such quotes in his name gets as many more, so that no two share a path.
  return encodeURIComponent(/^("*)\.\.?\1$/.test(text) ? `"${text}"` : text);
}

/** The same segment as Hono's router sees it, and as a route must spell it: decoded once, but for what is `%25`. */
function literal(text: string): string {
  return decodeURI(pathSegment(text).replaceAll("%25", "%2525"));
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
