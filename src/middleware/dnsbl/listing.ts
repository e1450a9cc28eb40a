/** Asks a DNS list about an address (RFC 5782). */

import { type Resolver, reverseLabels } from "../../dns/mod.ts";
import { AddressList } from "../../protocol/addresslist.ts";

/** A list, and what its answers count. */
export interface DnsList {
  /** As `zen.example.org`. */
  readonly zone: string;
  /** What a listing counts; below zero for a list of good clients. Default 1. */
  readonly score?: number;
  /**
   * What single answers count, by address or range: `{ "127.0.0.2": 5, "127.0.0.10/31": 1 }`. Answers that are not named
   * count nothing. Of several answers the one that counts most, up or down, decides.
   */
  readonly codes?: Readonly<Record<string, number>>;
}

/** A list that knows the client. */
export interface Listing {
  /** The list, as it stands among the `zones`. */
  readonly zone: string;
  /** The answers, `127.0.0.2` and the like. */
  readonly codes: readonly string[];
  /** What that counts. */
  readonly score: number;
  /** The list's own words: ASCII without control characters, 400 at most. */
  readonly text?: string;
}

/** A list that gave no answer that could be believed. */
export interface Unanswered {
  /** The list, as it stands among the `zones`. */
  readonly zone: string;
  /** The DNS's reason, or the answer that was none. */
  readonly reason: string;
}

/** Asks one list. */
export type AskList = (
  address: string,
  resolver: Resolver,
  signal: AbortSignal,
) => Promise<Listing | Unanswered | undefined>;

/** RFC 5782 section 2.1: answers are in 127.0.0.0/8. */
const answers = new AddressList("answers", ["127.0.0.0/8"]);
/** Lists say here that they did not look: blocked resolver, too many queries, a typing error in the zone. */
const errors = new AddressList("errors", ["127.255.255.0/24"]);

/**
 * Prepares the questions to a list.
 *
 * @throws {TypeError} for a code that is no address or range; {RangeError} for a score that is no number.
 */
export function askList(list: DnsList): AskList {
  const { zone, score = 1 } = list;
  const codes = Object.entries(list.codes ?? {}).map(([code, value]) =>
    [new AddressList("codes", [code]), value] as const
  );
  for (const value of [score, ...codes.map(([, value]) => value)]) {
    if (!Number.isFinite(value)) throw new RangeError(`Cannot ask ${zone}: its score ${value} is no number`);
  }

  function scoreOf(given: readonly string[]): number {
    if (list.codes === undefined) return score;
    let most = 0;
    for (const answer of given) {
      const value = codes.find(([named]) => named.includes(answer))?.[1] ?? 0;
      if (Math.abs(value) > Math.abs(most)) most = value;
    }
    return most;
  }

  return async (address, resolver, signal) => {
    const name = reverseLabels(address, zone);
    const answer = await resolver.resolve(name, "A", { signal });
    if (answer.status === "failure") return { zone, reason: answer.reason };
    if (answer.status !== "ok") return undefined;
    const wrong = answer.records.find((record) => !answers.includes(record) || errors.includes(record));
    if (wrong !== undefined) return { zone, reason: wrong };
    const text = await resolver.resolve(name, "TXT", { signal });
    const said = text.status === "ok" ? { text: printable(text.records[0]!) } : {};
    return { zone, codes: answer.records, score: scoreOf(answer.records), ...said };
  };
}

function printable(text: string): string {
  return text.replace(/[^ -~]/g, "?").slice(0, 400);
}
