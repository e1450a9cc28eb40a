/**
 * Whom a certificate (RFC 5280) names.
 *
 * The runtimes say it, too, but not alike; and Deno leaves a comma in a name as it is, so that one name can pose as two.
 */

import { hex } from "../protocol/hex.ts";
import { type Element, elements, inside, objectIdentifier } from "./der.ts";

/** What stands before the `=`, by object identifier (RFC 4514 section 3, and what everybody calls 1.9.1). */
const attributes: ReadonlyMap<string, string> = new Map([
  ["2.5.4.3", "CN"],
  ["2.5.4.6", "C"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.9", "STREET"],
  ["2.5.4.10", "O"],
  ["2.5.4.11", "OU"],
  ["0.9.2342.19200300.100.1.1", "UID"],
  ["0.9.2342.19200300.100.1.25", "DC"],
  ["1.2.840.113549.1.9.1", "emailAddress"],
]);

const subjectAltName = "2.5.29.17";

/**
 * The subject as in RFC 4514, `CN=client.example,O=Example\, Inc`, and the subject alternative names, one string each.
 *
 * @param certificate in DER.
 * @throws {RangeError} when it is none.
 */
export function certificateNames(certificate: Uint8Array): { subject: string; altNames: string[] } {
  const [signed] = inside(certificate);
  const fields = elements(signed?.content ?? certificate);
  // TBSCertificate ::= { [0] version OPTIONAL, serialNumber, signature, issuer, validity, subject, …, [3] extensions }
  const subject = fields[fields[0]?.tag === 0xa0 ? 5 : 4];
  if (subject?.tag !== 0x30) throw new RangeError("Cannot read the certificate: it has no subject");
  const extensions = fields.find(({ tag }) => tag === 0xa3);
  return { subject: distinguishedName(subject), altNames: extensions === undefined ? [] : altNamesIn(extensions) };
}

/** The most specific part comes first: the other way round than in the bytes (RFC 4514 section 2.1). */
function distinguishedName(name: Element): string {
  const parts = elements(name.content).map((relative) => elements(relative.content).map(attribute).join("+"));
  return parts.reverse().join(",");
}

function attribute({ content }: Element): string {
  const [type, value] = elements(content);
  if (type === undefined || value === undefined) {
    throw new RangeError("Cannot read the certificate: a name has no value");
  }
  const identifier = objectIdentifier(type.content);
  const keyword = attributes.get(identifier);
  const text = keyword === undefined ? undefined : textOf(value);
  return text === undefined ? `${identifier}=#${hex(value.content)}` : `${keyword}=${escaped(text)}`;
}

function textOf({ tag, content }: Element): string | undefined {
  switch (tag) {
    case 0x0c: // UTF8String
      return new TextDecoder().decode(content);
    case 0x13: // PrintableString
    case 0x14: // TeletexString
    case 0x16: // IA5String
      return latin1(content);
    case 0x1e: // BMPString
      return new TextDecoder("utf-16be").decode(content);
    default:
      return undefined;
  }
}

/** RFC 4514 section 2.4; all control characters with it. */
function escaped(text: string): string {
  return text
    .replace(/["+,;<>\\=]|^[ #]| $/g, "\\$&")
    .replace(/[\x00-\x1f\x7f]/g, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function altNamesIn({ content }: Element): string[] {
  for (const extension of inside(content)) {
    const parts = elements(extension.content);
    if (parts[0] === undefined || objectIdentifier(parts[0].content) !== subjectAltName) continue;
    // Between the identifier and the value there may be a boolean.
    return inside(parts.at(-1)!.content).flatMap((name) => generalName(name) ?? []);
  }
  return [];
}

/** RFC 5280 section 4.2.1.6; other kinds are left out. */
function generalName({ tag, content }: Element): string | undefined {
  switch (tag) {
    case 0x81:
      return `email:${latin1(content)}`;
    case 0x82:
      return `DNS:${latin1(content)}`;
    case 0x86:
      return `URI:${latin1(content)}`;
    case 0x87:
      return `IP Address:${address(content)}`;
    default:
      return undefined;
  }
}

function address(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const groups = Array.from(
    { length: octets.length / 2 },
    (_, index) => octets[2 * index]! * 256 + octets[2 * index + 1]!,
  );
  return groups.map((group) => group.toString(16)).join(":");
}

function latin1(octets: Uint8Array): string {
  return Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
}
