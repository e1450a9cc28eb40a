/** The value of SIZE (RFC 1870 section 4): up to twenty digits. */

/** Octets, or undefined for what is not a size. Past 2^53 the number is imprecise, and still larger than any limit. */
export function parseSize(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,20}$/.test(value) ? Number(value) : undefined;
}
