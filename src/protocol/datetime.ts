/** Dates in parameters (RFC 3339 section 5.6). */

const dateTime = /^(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}):(\d{2})(?:\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Reads a date-time: `2014-04-03T23:01:00Z`, `1997-11-24T14:22:01-08:00`. A leap second is taken for the one before it.
 *
 * @returns undefined for what is no date, or no such day.
 */
export function parseDateTime(text: string): Date | undefined {
  const match = dateTime.exec(text);
  if (match === null) return undefined;
  const [, minute, second, zone] = match;
  if (Number(second) > 60) return undefined;
  const local = `${minute!.toUpperCase()}:${second === "60" ? "59" : second}`;
  const date = new Date(`${local}${zone!.toUpperCase()}`);
  // Runtimes roll 30 February over into March: what is written must be what was read.
  const isReal = new Date(`${local}Z`).getTime();
  if (Number.isNaN(date.getTime()) || Number.isNaN(isReal)) return undefined;
  return new Date(isReal).toISOString().startsWith(local) ? date : undefined;
}

/** The date in UTC, to the second: `2026-01-01T00:00:00Z`. */
export function formatDateTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
