/** The macro language of SPF (RFC 7208 section 7). Parsing and expanding are pure; only `p` may have to wait. */

/** `slodiphv`, and in explanations `crt` (section 7.2). */
export type MacroLetter = "s" | "l" | "o" | "d" | "i" | "p" | "h" | "v" | "c" | "r" | "t";

/** One `%{…}`. */
export interface Macro {
  readonly letter: MacroLetter;
  /** An upper-case letter: the value is URL-escaped. */
  readonly escape: boolean;
  /** How many parts from the right are kept; 0 for all. */
  readonly keep: number;
  readonly reverse: boolean;
  /** The characters that the value is split at. */
  readonly delimiters: string;
}

/** Text and macros in order. */
export type MacroString = readonly (string | Macro)[];

const expandSyntax = /%(?:\{([slodiphvcrt])(\d{0,9})(r?)([-.+,/_=]*)\}|([%_-]))/iy;
const literalRun = /[!-$&-~]+/y; // %x21-24 / %x26-7E: visible, and no percent sign
const literalRunWithSpaces = /[ -$&-~]+/y;
/** What `%%`, `%_` and `%-` stand for. */
const escapes: Readonly<Record<string, string>> = { "%": "%", "_": " ", "-": "%20" };

interface Parsed {
  readonly parts: MacroString;
  /** Whether the text ends in a macro-expand, as a domain-spec may. */
  readonly endsInExpand: boolean;
}

function parse(text: string, explanation: boolean): Parsed | undefined {
  const literal = explanation ? literalRunWithSpaces : literalRun;
  const parts: (string | Macro)[] = [];
  let endsInExpand = false;
  let at = 0;
  while (at < text.length) {
    expandSyntax.lastIndex = literal.lastIndex = at;
    const expand = expandSyntax.exec(text);
    if (expand !== null) {
      const part = partOf(expand, explanation);
      if (part === undefined) return undefined;
      parts.push(part);
      at = expandSyntax.lastIndex;
    } else {
      const run = literal.exec(text);
      if (run === null) return undefined;
      parts.push(run[0]);
      at = literal.lastIndex;
    }
    endsInExpand = expand !== null;
  }
  return { parts, endsInExpand };
}

function partOf(match: RegExpExecArray, explanation: boolean): string | Macro | undefined {
  const [, letter, digits, reverse, delimiters, escape] = match;
  if (letter === undefined) return escapes[escape ?? ""];
  const lower = letter.toLowerCase();
  if (!explanation && "crt".includes(lower)) return undefined;
  // "If a DIGIT is specified, the value MUST be nonzero" (section 7.3).
  if (digits !== "" && Number(digits) === 0) return undefined;
  return {
    letter: lower as MacroLetter,
    escape: letter !== lower,
    keep: Number(digits),
    reverse: reverse !== "",
    delimiters: delimiters || ".",
  };
}

/** `macro-string`, the value of a modifier that we do not know. Undefined: it does not follow the grammar. */
export function parseMacroString(text: string): MacroString | undefined {
  return parse(text, false)?.parts;
}

/** `explain-string` (section 6.2), which may hold spaces and the letters `crt`. */
export function parseExplanation(text: string): MacroString | undefined {
  return parse(text, true)?.parts;
}

/** `domain-spec`: a macro-string that ends in a macro or in a dot and a top label (section 7.1). */
export function parseDomainSpec(text: string): MacroString | undefined {
  const parsed = parse(text, false);
  if (parsed === undefined || parsed.parts.length === 0) return undefined;
  return parsed.endsInExpand || endsInTopLabel(text) ? parsed.parts : undefined;
}

/** Whether the local part of the sender goes into it. */
export function usesLocalPart(parts: MacroString): boolean {
  return parts.some((part) => typeof part !== "string" && (part.letter === "s" || part.letter === "l"));
}

/** Letters, digits and hyphens; not digits alone, no hyphen at either end. So `a:192.0.2.1`, a usual slip, is an error. */
function endsInTopLabel(text: string): boolean {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  const dot = name.lastIndexOf(".");
  const label = name.slice(dot + 1);
  return dot >= 0 && /^[a-z\d-]+$/i.test(label) && /[^\d]/.test(label) && !label.startsWith("-") &&
    !label.endsWith("-");
}

/** Puts the values in. `valueOf` gives the value of a letter before it is split, reversed and cut. */
export async function expand(
  parts: MacroString,
  valueOf: (letter: MacroLetter) => string | Promise<string>,
): Promise<string> {
  let text = "";
  for (const part of parts) text += typeof part === "string" ? part : transform(part, await valueOf(part.letter));
  return text;
}

/** Split, reverse, keep the right-hand parts, join with dots (section 7.3), then URL-escape. */
function transform(macro: Macro, value: string): string {
  let parts = [""];
  for (const character of value) {
    if (macro.delimiters.includes(character)) parts.push("");
    else parts[parts.length - 1] += character;
  }
  if (macro.reverse) parts.reverse();
  if (macro.keep > 0) parts = parts.slice(-macro.keep);
  const text = parts.join(".");
  return macro.escape ? urlEscape(text) : text;
}

/** All but the unreserved characters of RFC 3986, of which `encodeURIComponent` leaves some more. */
function urlEscape(text: string): string {
  let escaped = "";
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    escaped += /[\w.~-]/.test(character) ? character : "%" + byte.toString(16).toUpperCase().padStart(2, "0");
  }
  return escaped;
}
