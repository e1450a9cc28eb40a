/** The domains of a message's authors: what DMARC is about (RFC 7489 section 6.6.1). */

import { isDomain, toALabels } from "../../protocol/domain.ts";

/**
 * An address of which all is in its place: a word with or without dots, or a quoted string, before the only `@`. Where
 * an address has more than that, readers differ about which part of it is the address. An encoded word is none (RFC
 * 2047 section 5), but some readers decode it.
 */
const addressSyntax = /^(?:""|(?!.*=\?)[^\s"()<>[\]:;@\\,]+) ?@ ?([^\s"()<>[\]:;@\\,]+)$/;

/** A mailbox with angle brackets; several in a row are several authors. What stands before them is a name. */
const angleSyntax = /^[^<>]*(?:<[^<>]*> ?)+$/;

/**
 * The domains in the values of a message's `From` fields, in A-labels, each once. There must be one such field (RFC 5322
 * section 3.6): of several, readers show one and signatures cover another.
 *
 * It reads what RFC 5322 section 3.4 allows: display names, comments, groups, quoted local parts; and of section 4.4
 * blanks and comments around `@`, but neither those around dots, which end the address to some readers, nor source
 * routes. Where an address is in angle brackets, what stands before them is a name, whatever it looks like.
 *
 * @returns undefined when there are several fields, an address has no domain that could be asked for, or readers could
 * see another author: in text with control characters, in what is no address, or in the name of a group.
 */
export function authorDomains(values: readonly string[]): readonly string[] | undefined {
  if (values.length > 1) return undefined;
  const [value = ""] = values;
  const text = /[\x00-\x08\x0a-\x1f\x7f]/.test(value) ? undefined : outlineOf(value);
  // A literal has no owner to ask, and to some readers no end.
  if (text === undefined || /@ ?\[/.test(text)) return undefined;
  const domains = new Set<string>();
  for (const mailbox of text.split(/[,;]/)) {
    const addresses = addressesOf(mailbox);
    if (addresses === undefined) return undefined;
    for (const address of addresses) {
      const [, named = ""] = addressSyntax.exec(address.trim()) ?? [];
      const domain = named.replace(/\.$/, "");
      const labels = isDomain(domain) ? toALabels(domain) : undefined;
      if (labels === undefined) return undefined;
      domains.add(labels);
    }
  }
  return [...domains];
}

/** What should be addresses in what stands between two commas; undefined where that has no form. */
function addressesOf(mailbox: string): string[] | undefined {
  const colon = mailbox.lastIndexOf(":");
  // A group's name ends at the colon (RFC 5322 section 3.4): one with an address in it is an author to some readers.
  if (/[<>@]/.test(mailbox.slice(0, colon + 1))) return undefined;
  const text = mailbox.slice(colon + 1).trim();
  if (text === "") return [];
  if (!/[<>]/.test(text)) return [text];
  return angleSyntax.test(text) ? text.match(/(?<=<)[^>]*/g)! : undefined;
}

/**
 * The value with a blank for each comment, `""` for each quoted string, and of blanks only one in a row; undefined
 * where a comment or a string has no end, or no beginning, or a backslash stands outside of them.
 */
function outlineOf(value: string): string | undefined {
  let text = "";
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < value.length; at++) {
    const character = value[at]!;
    if (character === "\\") {
      if (!isQuoted && depth === 0) return undefined;
      at++;
    } else if (isQuoted) isQuoted = character !== '"';
    else if (character === "(") {
      depth++;
      text += " ";
    } else if (character === ")") {
      if (--depth < 0) return undefined;
    } else if (depth > 0) continue;
    else if (character === '"') {
      isQuoted = true;
      text += '""';
    } else text += character === "\t" ? " " : character;
  }
  if (isQuoted || depth > 0) return undefined;
  return text.replace(/ +/g, " ");
}
