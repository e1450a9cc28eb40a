/** Where keys are looked up (RFC 6376 section 3.6.2). */

import type { Answer, Resolver } from "../../dns/mod.ts";
import { canonicalName } from "../../dns/name.ts";

/** Looks keys up for one message, each once. */
export class KeyLookups {
  readonly #resolver: Resolver;
  /** Fires when the time for all of a message is up. */
  readonly signal: AbortSignal;
  readonly #answers = new Map<string, Promise<Answer<"TXT">>>();
  /** Names about which the DNS could not tell. */
  readonly #troubled = new Set<string>();

  constructor(resolver: Resolver, signal: AbortSignal) {
    this.#resolver = resolver;
    this.signal = signal;
  }

  /** Asks ahead. */
  begin(selector: string, domain: string): void {
    void this.#ask(keyName(selector, domain));
  }

  /** Whether the DNS could not tell. */
  isTroubled(selector: string, domain: string): boolean {
    return this.#troubled.has(canonicalName(keyName(selector, domain)));
  }

  /** The text of a key record; undefined where there is none, and where the DNS could not tell. */
  async find(selector: string, domain: string): Promise<string | undefined> {
    const answer = await this.#ask(keyName(selector, domain));
    if (answer.status !== "ok") return undefined;
    // Something else may stand beside the key (RFC 6376 section 3.6.2.2 leaves it open): the first that has one counts.
    return answer.records.find((record) => /(?:^|;)\s*p\s*=/.test(record)) ?? answer.records[0];
  }

  #ask(name: string): Promise<Answer<"TXT">> {
    const key = canonicalName(name);
    let asked = this.#answers.get(key);
    if (asked === undefined) {
      asked = this.#resolver.resolve(name, "TXT", { signal: this.signal }).then((answer) => {
        if (answer.status === "failure" && answer.reason !== "name") this.#troubled.add(key);
        return answer;
      });
      this.#answers.set(key, asked);
    }
    return asked;
  }
}

function keyName(selector: string, domain: string): string {
  return `${selector}._domainkey.${domain}`;
}
