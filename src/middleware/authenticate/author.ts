/** The domains of a message's authors: what DMARC is about (RFC 7489 section 6.6.1). */

import { isDomain, toALabels } from "../../protocol/domain.ts";

/**
 * The domains in the values of a message's `From` fields, in A-labels, each once. There must be one such field (RFC 5322
 * section 3.6): of several, readers show one and signatures cover another.
 *
 * It reads what RFC 5322 section 3.4 allows: display names, comments, groups, quoted local parts. Where an address is
 * in angle brackets, what stands before them is a name, whatever it looks like.
 *
 * @returns undefined when there are several fields, an address has no domain that could be asked for, or readers could
 * see another author: in text with control characters, or with a colon behind an address.
 */
export function authorDomains(values: readonly string[]): readonly string[] | undefined {
  if (values.length > 1) return undefined;
  const [value = ""] = values;
  const addresses = /[\x00-\x08\x0a-\x1f\x7f]/.test(value) ? undefined : addressesOf(value);
  if (addresses === undefined) return undefined;
  const domains = new Set<string>();
  for (const address of addresses) {
    const at = address.lastIndexOf("@");
    const domain = at < 0 ? "" : address.slice(at + 1).replace(/\s+/g, "").replace(/\.$/, "");
    const labels = isDomain(domain) ? toALabels(domain) : undefined;
    if (labels === undefined) return undefined;
    domains.add(labels);
  }
  return [...domains];
}

/** The address of each mailbox, quoted local parts replaced; undefined where an address is the name of a group. */
function addressesOf(value: string): string[] | undefined {
  const addresses: string[] = [];
  let text = "";
  let hasAngle = false;
  const end = (): void => {
    if (!hasAngle && text.trim() !== "") addresses.push(text);
    text = "";
    hasAngle = false;
  };
  for (const token of tokens(value)) {
    if (token === "," || token === ";") end();
    else if (token === ":") {
      // A group's name ends here (RFC 5322 section 3.4): one with an address in it is an author to some readers.
      if (hasAngle) return undefined;
      text = "";
    } else if (token.startsWith("<")) {
      // Without the source route (RFC 5322 section 4.4).
      addresses.push(token.slice(1).replace(/>$/, "").replace(/^[^:]*:/, ""));
      hasAngle = true;
    } else text += token;
  }
  end();
  return addresses;
}

/** Words, separators, and angle brackets with all that is in them; without comments, and with `q` for quoted text. */
function* tokens(value: string): Generator<string> {
  const text = withoutComments(value);
  for (const [token] of text.matchAll(/<[^>]*>?|[,;:]|[^<,;:]+/g)) yield token;
}

function withoutComments(value: string): string {
  let text = "";
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < value.length; at++) {
    const character = value[at]!;
    if (character === "\\" && (isQuoted || depth > 0)) at++;
    else if (isQuoted) isQuoted = character !== '"';
    else if (character === "(") depth++;
    else if (depth > 0) depth -= character === ")" ? 1 : 0;
    else if (character === '"') {
      isQuoted = true;
      text += "q";
    } else text += /\s/.test(character) ? " " : character;
  }
  return text;
}
