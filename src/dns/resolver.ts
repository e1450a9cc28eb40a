/**
 * What the rest of Postern knows of the DNS: one question, one answer, and no exceptions.
 *
 * "No such name", "the name has no such record" and "nobody could tell" are three different things to mail: the first
 * two decide, the last one must defer. So an answer is a union to switch over, and a DNS outcome is never thrown.
 */

/** A mail exchange (RFC 1035 section 3.3.9). */
export interface MxRecord {
  /** The lower is tried first. */
  readonly preference: number;
  /** Without the final dot; `.` alone is the null MX of RFC 7505. */
  readonly exchange: string;
}

/** The record types that can be asked for, and the form of one record of each. */
export interface RecordData {
  /** Dotted quad. */
  readonly A: string;
  /** As RFC 5952 writes it. */
  readonly AAAA: string;
  /** A name without the final dot. */
  readonly CNAME: string;
  /** Where mail for the name goes (RFC 5321 section 5.1). */
  readonly MX: MxRecord;
  /** A name without the final dot. */
  readonly NS: string;
  /** A name without the final dot. */
  readonly PTR: string;
  /**
   * The character strings of one record, joined with nothing between them (RFC 7208 section 3.3, RFC 6376 section
   * 3.6.2.2). Each character is one byte, 0 to 255, so that nothing is lost: decode UTF-8 yourself if you expect it.
   */
  readonly TXT: string;
}

/** A record type that can be asked for. */
export type RecordType = keyof RecordData;

/**
 * Why there is no answer.
 *
 * - `timeout`: no server answered within its time.
 * - `servfail`: the servers said SERVFAIL, as they do when the zone's own servers are down or DNSSEC fails.
 * - `refused`: they would not answer (REFUSED, NOTIMP, FORMERR and the rarer codes).
 * - `malformed`: what came back cannot be read.
 * - `network`: the query could not be sent, or the connection broke.
 * - `loop`: the CNAME chain runs in a circle or is too long.
 * - `name`: the name cannot be put into a query (a label over 63 octets, an empty one, more than 253 in all).
 *   It can have no records, now or later, and asking again will not help.
 * - `aborted`: the caller's signal fired.
 */
export type FailureReason =
  | "timeout"
  | "servfail"
  | "refused"
  | "malformed"
  | "network"
  | "loop"
  | "name"
  | "aborted";

/** There is no answer. */
export interface Failure {
  /** Nothing is known of the name. */
  readonly status: "failure";
  /** What went wrong; in doubt, a temporary error. */
  readonly reason: FailureReason;
  /** For a log, in plain ASCII. */
  readonly detail: string;
}

/** There are records. */
export interface Found<T extends RecordType = RecordType> {
  /** There is at least one record. */
  readonly status: "ok";
  /** The name that owns the records: the end of the CNAME chain, or the name asked for, as A-labels. */
  readonly name: string;
  /** At least one. */
  readonly records: readonly RecordData[T][];
  /** Seconds that this may still be kept. */
  readonly ttl: number;
}

/** There are none: `nxdomain`, the name does not exist; `nodata`, it does, but not with this type (RFC 2308 section 2). */
export interface Absent {
  /** Whether the name exists. */
  readonly status: "nxdomain" | "nodata";
  /** Seconds that this may still be kept. */
  readonly ttl: number;
}

/** What came of one question. */
export type Answer<T extends RecordType = RecordType> = Found<T> | Absent | Failure;

/** What can be said with one question. */
export interface ResolveOptions {
  /** Ends the wait: the answer is then a failure with the reason `aborted`. */
  readonly signal?: AbortSignal;
}

/** Answers questions about names. Bring your own where the ones here do not fit: it is one method. */
export interface Resolver {
  /**
   * Looks up one name and type. Never rejects for a DNS outcome.
   *
   * @param name absolute, with or without the final dot. U-labels are sent as A-labels (RFC 5891).
   */
  resolve<T extends RecordType>(name: string, type: T, options?: ResolveOptions): Promise<Answer<T>>;
}

/** Makes a {@link Failure}. What is not plain ASCII in the detail becomes `?`. */
export function failure(reason: FailureReason, detail: string): Failure {
  return { status: "failure", reason, detail: detail.replace(/[^ -~]/g, "?") };
}
