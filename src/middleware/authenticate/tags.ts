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
    const match = /^\s*([A-Za-z][A-Za-z0-9_]*)\s*=([^]*)$/.exec(part);
    if (match === null || tags.has(match[1]!)) return undefined;
    tags.set(match[1]!, match[2]!.trim());
  }
  return tags;
}

/** A value in which blanks mean nothing, as those of `b=`, `bh=` and `h=`. */
export function unspaced(value: string | undefined): string {
  return (value ?? "").replace(/\s+/g, "");
}

/** The parts of a colon-separated value, in lower case. */
export function listed(value: string): string[] {
  return unspaced(value).toLowerCase().split(":");
}
