/** The argument of BDAT (RFC 3030 section 2). */

/** What BDAT announces. */
export interface Chunk {
  /** Octets that follow the command line. Past 2^53 the number is imprecise: nobody can count so far. */
  readonly size: number;
  /** Whether the message ends with this chunk. */
  readonly isLast: boolean;
}

/** chunk-size is 1*DIGIT; the case of LAST is ignored, in ASCII only. */
const syntax = /^(\d{1,20})( +[Ll][Aa][Ss][Tt])?$/;

/**
 * Reads `chunk-size [ SP "LAST" ]`.
 *
 * @returns undefined when it is anything else: then nobody knows where the next command begins.
 *
 * @example
 * ```ts
 * parseChunk("86 LAST"); // { size: 86, isLast: true }
 * ```
 */
export function parseChunk(argument: string): Chunk | undefined {
  const match = syntax.exec(argument);
  return match === null ? undefined : { size: Number(match[1]), isLast: match[2] !== undefined };
}
