/** Tag lists: what DKIM signatures, keys, DMARC records and ARC fields are written in (RFC 6376 section 3.2). */

/**
 * Reads a tag list. Names are as written: they are case-sensitive.
 *
 * @returns undefined for what is no tag list: a name that is none, one that comes twice, a part without `=`.
 */
export function parseTags(text: string): ReadonlyMap<string, string> | undefined {
  const tags = new Map<string, string>();
  const parts = text.split(";");
  // One semicolon may stand at the end.
  if (parts.length > 1 && parts.at(-1)!.trim() === "") parts.pop();
  for (const part of parts) {
    const [name, value] = readTag(part) ?? [];
    if (name === undefined || tags.has(name)) return undefined;
    tags.set(name, value!);
  }
  return tags;
}

/**
 * Reads what can be read of a tag list (RFC 7489 section 6.3: errors behind the version are passed over). Parts that are
 * no tag are left out, and of those that come twice the first counts.
 */
export function parseLenientTags(text: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const part of text.split(";")) {
    const [name, value] = readTag(part) ?? [];
    if (name !== undefined && !tags.has(name)) tags.set(name, value!);
  }
  return tags;
}

function readTag(part: string): [name: string, value: string] | undefined {
  const match = /^\s*([A-Za-z][A-Za-z0-9_]*)\s*=([^]*)$/.exec(part);
  return match === null ? undefined : [match[1]!, match[2]!.trim()];
}

/** A value in which blanks mean nothing, as those of `b=`, `bh=` and `h=`. */
export function unspaced(value: string | undefined): string {
  return (value ?? "").replace(/\s+/g, "");
}

/** The parts of a colon-separated value, in lower case; blanks may stand around the colons. */
export function listed(value: string): string[] {
  return value.toLowerCase().split(":").map((part) => part.trim());
}
