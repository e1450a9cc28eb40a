/** The header section of a message (RFC 5322 section 2.2), as octets and as fields. */

/** One header field as it came. */
export interface HeaderField {
  /** As written, without the colon. */
  readonly name: string;
  /**
   * What follows the colon, unfolded (RFC 5322 section 2.2.3) and without blanks around it; encoded words are left as
   * they are.
   */
  readonly value: string;
}

const CR = 0x0d;
const LF = 0x0a;

/**
 * Where the header section ends: behind the CRLF of its last field. -1 when no empty line is among these octets.
 *
 * @param from where to begin, if it is known that no line before it was the last; not behind that line's LF.
 */
export function headerEnd(message: Uint8Array, from = 0): number {
  if (message[0] === CR && message[1] === LF) return 0;
  for (let at = message.indexOf(LF, from); at >= 0; at = message.indexOf(LF, at + 1)) {
    if (message[at + 1] === CR && message[at + 2] === LF) return at + 1;
  }
  return -1;
}

// A byte order mark is an octet like any other: without it the line would be another one.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * The fields in their order, duplicates kept. Lines that are no field are passed over.
 *
 * @param header octets; read as UTF-8 (RFC 6532), wrong octets become U+FFFD.
 */
export function parseHeader(header: Uint8Array): HeaderField[] {
  const fields: HeaderField[] = [];
  for (const line of decoder.decode(header).split(/\r\n(?![ \t])/)) {
    const match = /^([\x21-\x39\x3b-\x7e]+)[ \t]*:([^]*)$/.exec(line);
    if (match === null) continue;
    fields.push({ name: match[1]!, value: match[2]!.replace(/\r\n(?=[ \t])/g, "").trim() });
  }
  return fields;
}

/** One field of a header section with its octets; a line that is no field has neither name nor value. */
export interface RawField extends HeaderField {
  /** All of its lines, CRLF included. */
  readonly octets: Uint8Array;
}

/** All lines of a header section, field by field: put together again they are the same octets. */
export function splitHeader(header: Uint8Array): RawField[] {
  const fields: RawField[] = [];
  for (let start = 0; start < header.length;) {
    let end = start;
    do {
      const lf = header.indexOf(LF, end);
      end = lf < 0 ? header.length : lf + 1;
    } while (header[end] === 0x20 || header[end] === 0x09);
    const octets = header.subarray(start, end);
    const [field] = parseHeader(octets);
    fields.push({ name: field?.name ?? "", value: field?.value ?? "", octets });
    start = end;
  }
  return fields;
}

/**
 * Whether a line of a header section is neither a field nor the rest of one (RFC 5322 section 2.2). What it means is
 * whatever the next reader makes of it: a name with a blank too many is the name to one, and the end of the header to
 * another.
 */
export function hasStrayLine(header: Uint8Array): boolean {
  return splitHeader(header).some(({ name }) => name === "");
}

/** What a lenient reader could take lines for that are no field: with a name of what of it can be seen. */
export function strayField({ octets }: RawField): HeaderField {
  const text = decoder.decode(octets);
  const colon = text.indexOf(":");
  if (colon < 0) return { name: "", value: "" };
  return {
    name: text.slice(0, colon).replace(/[^\x21-\x7e]/g, ""),
    value: text.slice(colon + 1).replace(/\r\n(?=[ \t])/g, "").trim(),
  };
}

/** Whether a CR or an LF of a header section is without the other. */
export function hasBareNewline(header: Uint8Array): boolean {
  for (let lf = header.indexOf(LF); lf >= 0; lf = header.indexOf(LF, lf + 1)) {
    if (header[lf - 1] !== CR) return true;
  }
  for (let cr = header.indexOf(CR); cr >= 0; cr = header.indexOf(CR, cr + 1)) {
    if (header[cr + 1] !== LF) return true;
  }
  return false;
}

const received = new TextEncoder().encode("received:");

/** How many `Received:` fields a header section has, counted up to one past `most`. */
export function countReceived(header: Uint8Array, most: number): number {
  let count = 0;
  for (let at = 0; at < header.length && count <= most;) {
    if (startsWithReceived(header, at)) count++;
    const lf = header.indexOf(LF, at);
    if (lf < 0) break;
    at = lf + 1;
  }
  return count;
}

function startsWithReceived(header: Uint8Array, at: number): boolean {
  for (let i = 0; i < received.length; i++) {
    // ASCII letters differ from their capitals in one bit; the colon already has it set.
    if ((header[at + i]! | 0x20) !== received[i]) return false;
  }
  return true;
}
