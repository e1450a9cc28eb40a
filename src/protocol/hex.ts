/** Octets as text. */

/** Two hexadecimal digits for each octet, in lower case. */
export function hex(octets: Iterable<number>): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}
