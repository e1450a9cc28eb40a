import { isWithin, reverseName, sameName } from "../dns/mod.ts";
import { type Lookups, SpfError } from "./lookup.ts";
import { expand, type MacroLetter, type MacroString } from "./macro.ts";
import { type ClientAddress, dotted, isIPv4, matches } from "./network.ts";

/** Most PTR names that are looked at; the rest are passed over (RFC 7208 section 4.6.4). */
const mostPointers = 10;
/** Longest name for a query (section 7.3). */
const longestName = 253;

/** What stays the same through all records of one check. */
export interface Identity {
  readonly client: ClientAddress;
  readonly local: string;
  /** As A-labels. */
  readonly senderDomain: string;
  readonly helo: string;
  /** The name of this host, for the `r` macro. */
  readonly receiver: string;
  readonly now: () => number;
}

/** One check while it runs: who is asked about, what was counted, which names the client proved. */
export class Evaluation {
  readonly identity: Identity;
  readonly lookups: Lookups;
  #names: Promise<readonly string[]> | undefined;

  constructor(identity: Identity, lookups: Lookups) {
    this.identity = identity;
    this.lookups = lookups;
  }

  /** The name that a domain-spec makes, without the final dot; cut from the left when too long (section 7.3). */
  async targetName(spec: MacroString | undefined, domain: string): Promise<string> {
    if (spec === undefined) return domain;
    let name = await expand(spec, (letter) => this.macroValue(letter, domain));
    if (name.endsWith(".")) name = name.slice(0, -1);
    while (name.length > longestName && name.includes(".")) name = name.slice(name.indexOf(".") + 1);
    return name;
  }

  /** The value of a macro letter (section 7.2). */
  macroValue(letter: MacroLetter, domain: string): string | Promise<string> {
    const { client, local, senderDomain, helo, receiver, now } = this.identity;
    switch (letter) {
      case "s":
        return `${local}@${senderDomain}`;
      case "l":
        return local;
      case "o":
        return senderDomain;
      case "d":
        return domain;
      case "i":
        return dotted(client);
      case "p":
        return this.#provenName(domain);
      case "h":
        return helo;
      case "v":
        return isIPv4(client) ? "in-addr" : "ip6";
      case "c":
        return client.toString();
      case "r":
        return receiver;
      case "t":
        return String(Math.floor(now() / 1000));
    }
  }

  /**
   * The names of the client that lead back to it (section 5.5). Of DNS errors on the way only those names suffer that
   * they concern.
   */
  validatedNames(): Promise<readonly string[]> {
    return this.#names ??= this.#validate();
  }

  async #validate(): Promise<readonly string[]> {
    const { client } = this.identity;
    const pointers = await skipErrors(this.lookups.ask(reverseName(client.toString()), "PTR"));
    if (pointers?.status !== "ok") return [];
    const type = isIPv4(client) ? "A" : "AAAA";
    const names = pointers.records.slice(0, mostPointers);
    const proven = await Promise.all(names.map(async (name) => {
      const answer = await skipErrors(this.lookups.ask(name, type));
      return answer?.status === "ok" &&
        answer.records.some((address) => matches(client, address, isIPv4(client) ? 32 : 128));
    }));
    return names.filter((_, at) => proven[at]);
  }

  /** The `p` macro: the domain itself, else a name below it, else any, else "unknown" (section 7.3). */
  async #provenName(domain: string): Promise<string> {
    const names = await this.validatedNames();
    return names.find((name) => sameName(name, domain)) ?? names.find((name) => isWithin(name, domain)) ??
      names[0] ?? "unknown";
  }
}

async function skipErrors<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SpfError) return undefined;
    throw error;
  }
}
