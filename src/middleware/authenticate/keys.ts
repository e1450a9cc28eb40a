/** Our resolver as the library asks for one: TXT alone, failures as errors with a code. */

import type { Answer, Resolver } from "../../dns/mod.ts";
import { canonicalName } from "../../dns/name.ts";

/** Looks keys up for one message, each once. */
export class KeyLookups {
  readonly #resolver: Resolver;
  readonly #signal: AbortSignal;
  readonly #answers = new Map<string, Promise<Answer<"TXT">>>();
  /** Names about which the DNS could not tell. */
  readonly #troubled = new Set<string>();

  constructor(resolver: Resolver, signal: AbortSignal) {
    this.#resolver = resolver;
    this.#signal = signal;
  }

  /** Asks ahead: the library asks for one key after the other. */
  begin(selector: string, domain: string): void {
    void this.#ask(keyName(selector, domain));
  }

  /** Whether the DNS could not tell. */
  isTroubled(selector: string, domain: string): boolean {
    return this.#troubled.has(canonicalName(keyName(selector, domain)));
  }

  /** As `dns.promises.resolve` would answer. */
  readonly resolve = async (name: string, type: string): Promise<string[][]> => {
    if (type !== "TXT") throw dnsError("ENOTIMP", name);
    const answer = await this.#ask(name);
    switch (answer.status) {
      case "ok": {
        // Something else may stand beside the key (RFC 6376 section 3.6.2.2 leaves it open): the library takes the first.
        const keys = answer.records.filter((record) => /(?:^|;)\s*p\s*=/.test(record));
        return (keys.length > 0 ? keys : answer.records).map((record) => [record]);
      }
      case "nxdomain":
        throw dnsError("ENOTFOUND", name);
      case "nodata":
        throw dnsError("ENODATA", name);
      case "failure":
        throw dnsError(answer.reason === "name" ? "ENOTFOUND" : "ETIMEOUT", name);
    }
  };

  #ask(name: string): Promise<Answer<"TXT">> {
    const key = canonicalName(name);
    let asked = this.#answers.get(key);
    if (asked === undefined) {
      asked = this.#resolver.resolve(name, "TXT", { signal: this.#signal }).then((answer) => {
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

function dnsError(code: string, name: string): Error {
  return Object.assign(new Error(`${code} ${name}`), { code });
}
