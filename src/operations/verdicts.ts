/** What middleware found out about clients and messages, in words of which there are only so many. */

import type { StageEvent } from "../app/stage.ts";
import type { AuthVerdict } from "../middleware/authenticate/verdict.ts";
import type { DnsblVerdict } from "../middleware/dnsbl/mod.ts";
import type { ReverseName } from "../middleware/fcrdns/iprev.ts";
import type { Mailability } from "../mx/mod.ts";
import type { SpfVerdict } from "../spf/mod.ts";

/** What was checked. */
export type Check = "spf" | "dkim" | "dmarc" | "arc" | "iprev" | "dnsbl" | "mx" | PolicyCheck;

/** Checks that leave no facts behind: they tell by themselves, each time. */
const policyChecks = ["greylist", "rate-limit", "tarpit", "early-talker"] as const;
type PolicyCheck = typeof policyChecks[number];

type Told = (check: Check, result: string) => void;

/** All results there are; whatever else somebody leaves where ours are found is told as `other`. */
const results: ReadonlySet<string> = new Set([
  ...["none", "neutral", "pass", "fail", "softfail", "policy", "temperror", "permerror"],
  ...["listed", "clean", "unanswered", "mailable", "unmailable"],
  ...["deferred", "passed", "exceeded", "within", "held", "full", "early"],
]);

/** Tells of each verdict once, however many stages it is there for. */
export class Verdicts {
  readonly #told = new WeakSet<object>();
  readonly #tell: Told;

  constructor(tell: Told) {
    this.#tell = (check, result) => tell(check, results.has(result) ? result : "other");
  }

  /** Is told by middleware what it made of a client. */
  found(check: string, result: string): void {
    const known = policyChecks.find((each) => each === check);
    if (known !== undefined) this.#tell(known, result);
  }

  /** Looks at what is known after a stage was asked. */
  look(event: StageEvent): void {
    const { locals } = event.session;
    this.#once(locals["dnsbl"], (verdict: DnsblVerdict) => {
      const isListed = verdict.listings.length > 0;
      this.#tell("dnsbl", isListed ? "listed" : verdict.unanswered.length > 0 ? "unanswered" : "clean");
    });
    this.#once(locals["fcrdns"], (verdict: ReverseName) => this.#tell("iprev", verdict.status));
    const facts = "envelope" in event ? event.envelope?.locals : undefined;
    if (facts === undefined) return;
    this.#once(facts["spf"], (verdict: SpfVerdict) => this.#tell("spf", verdict.result));
    this.#once(facts["mailable"], (verdict: Mailability) => this.#tell("mx", verdict.status));
    this.#once(facts["auth"], (verdict: AuthVerdict) => {
      this.#once(verdict.spf, ({ result }: SpfVerdict) => this.#tell("spf", result));
      this.#once(verdict.iprev, ({ status }: ReverseName) => this.#tell("iprev", status));
      for (const { result } of verdict.dkim) this.#tell("dkim", result);
      if (verdict.dkim.length === 0) this.#tell("dkim", "none");
      this.#tell("dmarc", verdict.dmarc.result);
      this.#tell("arc", verdict.arc.result);
    });
  }

  /** Anybody may write into `locals`: what does not look like ours is passed over. */
  #once<Verdict>(found: unknown, tell: (verdict: Verdict) => void): void {
    if (typeof found !== "object" || found === null || this.#told.has(found)) return;
    this.#told.add(found);
    try {
      tell(found as Verdict);
    } catch {
      // It was something else by the same name.
    }
  }
}
