/** How much header is looked at, and whether all who look see the same. */

import { hasBareNewline, hasStrayLine } from "../../protocol/header.ts";

/**
 * More than this is not verified: reading it would take longer than it deserves. Mail of hundreds of recipients and a
 * dozen hops stays below a quarter of it.
 */
const most = { octets: 256 * 1024, fields: 1000, lines: 8192 };

const LF = 0x0a;

/** Whether there is more of it than is looked at. */
export function isExcessive(header: Uint8Array): boolean {
  if (header.length > most.octets) return true;
  let [fields, lines] = [0, 0];
  for (let at = 0; at < header.length; lines++) {
    if (header[at] !== 0x20 && header[at] !== 0x09) fields++;
    const lf = header.indexOf(LF, at);
    at = lf < 0 ? header.length : lf + 1;
  }
  return fields > most.fields || lines > most.lines;
}

/**
 * Whether readers may differ about what its fields are. A line that is none is a field to readers who trim its name, or
 * who look for the colon in the next line, and only to them: `From` with a vertical tab behind it names an author that
 * nobody has asked about.
 */
export function isAmbiguous(header: Uint8Array): boolean {
  return hasStrayLine(header) || hasBareNewline(header);
}
