/**
 * What is counted of a server's work. Nothing but numbers are kept here, under labels of which there are only so many
 * whatever clients send; `exposition.ts` makes a page of them when one is asked for.
 */

import type { Verdict } from "../app/dispatch.ts";
import type { Stage, StageEvent } from "../app/stage.ts";
import type { Reply } from "../protocol/reply.ts";
import type { Conversation } from "../session/conversation.ts";
import type { Application, DataEvent, Outcome } from "../session/event.ts";
import type { AuthOutcome, MessageOutcome, Observer } from "../session/observer.ts";
import { lostInData, synchronization } from "../session/replies.ts";
import type { Transaction } from "../session/transaction.ts";
import type { Ending } from "../session/wire.ts";
import { Distribution, Tallies, Tally } from "./tally.ts";
import { type Check, Verdicts } from "./verdicts.ts";

/** Bounds in seconds: from a lookup in memory to what a client's patience is (RFC 5321 section 4.5.3.2.6). */
const seconds: readonly number[] = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600];

/** Bounds in octets. */
const octets: readonly number[] = [1024, 10_240, 102_400, 1_048_576, 10_485_760, 26_214_400, 104_857_600];

/** Codes are three digits. */
const codes = 1000;

/** What became of a message: `lost` is one that did not come to its end. */
export type MessageFate = "accepted" | "deferred" | "rejected" | "lost";

/** Verbs whose stage has another name. */
const stageOfVerb: Readonly<Record<string, string>> = {
  "": "command",
  EHLO: "helo",
  HELO: "helo",
  LHLO: "helo",
  BDAT: "data",
};

/** As OpenSSL names them. */
const tlsVersions: ReadonlySet<string> = new Set(["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]);

/** The numbers of one server. */
export class Metrics implements Observer {
  readonly refusedConnections: Tally<"server_full" | "address_full" | "no_proxy_header"> = new Tally();
  readonly sessions: Tally<Ending> = new Tally();
  readonly tls: Tally = new Tally();
  handshakeFailures = 0;
  readonly messages: Tally<MessageFate> = new Tally();
  readonly messageSizes: Distribution = new Distribution(octets);
  /** By stage, then by code. */
  readonly replies: Map<string, Float64Array> = new Map();
  /** How long handlers took, in seconds. */
  readonly handlers: Map<Stage, Distribution> = new Map();
  readonly handlerFailures: Tally<Stage> = new Tally();
  /** From the end of a message to its reply, in seconds. */
  readonly deliveries: Distribution = new Distribution(seconds);
  readonly authentications: Tallies<string, AuthOutcome["type"]> = new Tallies();
  readonly verdicts: Tallies<Check> = new Tallies();
  readonly #verdicts = new Verdicts((check, result) => this.verdicts.add(check, result));

  replied({ verb }: Conversation, reply: Reply): void {
    const { code } = reply;
    const stage = verb === undefined ? "connect" : stageOfVerb[verb] ?? verb.toLowerCase();
    let counts = this.replies.get(stage);
    if (counts === undefined) this.replies.set(stage, counts = new Float64Array(codes));
    counts[code]!++;
    if (verb === undefined && reply === synchronization) this.found("early-talker", "early");
  }

  /** Is told by middleware what it made of a client. */
  found(check: string, result: string): void {
    this.#verdicts.found(check, result);
  }

  message(_: Conversation, __: Transaction, { size, reply }: MessageOutcome): void {
    this.messages.add(fateOf(reply));
    this.messageSizes.observe(size);
  }

  authentication(_: Conversation, { mechanism, type }: AuthOutcome): void {
    this.authentications.add(mechanism, type);
  }

  ended({ wire, session }: Conversation): void {
    this.sessions.add(wire.ending);
    const version = session.tls?.protocol;
    this.tls.add(version === undefined ? "none" : tlsVersions.has(version) ? version : "other");
  }

  handshakeFailed(): void {
    this.handshakeFailures++;
  }

  /** Counted as a session that ended so. */
  failed(): void {}

  turnedAway(_: string, reason: "too many connections" | "too many connections from one address"): void {
    this.refusedConnections.add(reason === "too many connections" ? "server_full" : "address_full");
  }

  /** Measures the handlers of a stage, and looks at what they found out. */
  async around(event: StageEvent, ask: () => Promise<Verdict>): Promise<Verdict> {
    const began = performance.now();
    const verdict = await ask();
    let durations = this.handlers.get(event.stage);
    if (durations === undefined) this.handlers.set(event.stage, durations = new Distribution(seconds));
    durations.observe((performance.now() - began) / 1000);
    this.#verdicts.look(event);
    return verdict;
  }

  /** The same application; how long it has a message is measured. */
  measured(application: Application): Application {
    return { ...application, deliver: (event) => this.#deliver(application, event) };
  }

  async #deliver(application: Application, event: DataEvent): Promise<Outcome> {
    const began = performance.now();
    const outcome = await application.deliver(event);
    this.deliveries.observe((performance.now() - began) / 1000);
    return outcome;
  }
}

function fateOf(reply: Reply): MessageFate {
  if (reply === lostInData) return "lost";
  return reply.code < 300 ? "accepted" : reply.code < 500 ? "deferred" : "rejected";
}
