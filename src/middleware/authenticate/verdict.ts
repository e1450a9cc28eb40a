/** What was found out about a message, as handlers see it. */

import type { SpfVerdict } from "../../spf/mod.ts";
import type { ReverseName } from "../fcrdns/iprev.ts";

/** The results of RFC 8601 section 2.7.1. */
export type DkimResult = "pass" | "fail" | "policy" | "permerror" | "temperror";

/** One DKIM signature. A message without signatures has none. */
export interface DkimVerdict {
  /**
   * - `pass`: the domain answers for the message.
   * - `fail`: the message, or the signature, was changed.
   * - `policy`: it verifies, but with a key under 1024 bits, or only for the beginning of the text (`l=`).
   * - `permerror`: it can never verify: no key, a key for something else, a signature that is none.
   * - `temperror`: the key could not be looked up, or the time was up before the text was read.
   */
  readonly result: DkimResult;
  /** `d=`, in lower case. */
  readonly domain: string;
  /** `s=`. */
  readonly selector: string;
  /** `i=`. */
  readonly identity: string;
  /** `a=`. */
  readonly algorithm: string;
  /** The beginning of `b=`, to tell signatures apart (RFC 6008). */
  readonly signature: string;
  /** What was found wrong, for people to read; absent where nothing was. */
  readonly reason?: string;
}

/** The chain of RFC 8617. */
export interface ArcVerdict {
  /** `none`: no chain. `temperror`: a key could not be looked up. */
  readonly result: "none" | "pass" | "fail" | "temperror";
  /** How many hops have sealed. */
  readonly instances: number;
  /** The domain of the last seal, whose word the results of its `ARC-Authentication-Results` are. */
  readonly sealer?: string;
  /** What was found wrong, for people to read; absent where nothing was. */
  readonly reason?: string;
}

/** What a domain owner asks for (RFC 7489 section 6.3). */
export type DmarcPolicy = "none" | "quarantine" | "reject";

/** DMARC (RFC 7489), for the domains of the author. */
export interface DmarcVerdict {
  /**
   * `none`: no policy. `permerror`: there is no author's domain to ask. `temperror`: the DNS could not tell, and what
   * it did tell was no pass.
   */
  readonly result: "none" | "pass" | "fail" | "permerror" | "temperror";
  /** The author's domain (RFC5322.From), in A-labels; of several the one that decided. */
  readonly domain?: string;
  /** The policy published for it. */
  readonly policy?: DmarcPolicy;
  /** What is to be done: the policy after `pct`; `none` unless the result is `fail`. */
  readonly disposition: DmarcPolicy;
  /** Which mechanisms spoke for the author's domain. */
  readonly aligned: readonly ("spf" | "dkim")[];
  /** Why it is neither pass nor fail. */
  readonly reason?: string;
}

/** All of it, on `c.var.auth`. */
export interface AuthVerdict {
  /** Whether the client may send for the reverse-path. */
  readonly spf: SpfVerdict;
  /** In the order of their fields; of more than ten the rest is not looked at. */
  readonly dkim: readonly DkimVerdict[];
  /** Whether either of them speaks for the author. */
  readonly dmarc: DmarcVerdict;
  /** Whether those who passed the message on vouch for what they saw. */
  readonly arc: ArcVerdict;
  /** Whether the client's address has a name that leads back to it. */
  readonly iprev: ReverseName;
}
