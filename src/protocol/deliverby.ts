/** The value of BY (RFC 2852 section 4). */

/** How long delivery may take, and what happens when it takes longer. */
export interface DeliverBy {
  /** Seconds from MAIL on; not above 0 only with mode `N`. */
  readonly seconds: number;
  /** `R`: return the message. `N`: tell the sender that it is late, and go on. */
  readonly mode: "R" | "N";
  /** Whether the sender wants to hear of every relay that the message passes. */
  readonly trace: boolean;
}

/** by-time is up to nine digits with a sign or none, by-mode and by-trace are letters. */
const syntax = /^([+-]?\d{1,9});([RrNn])([Tt]?)$/;

/** @returns undefined for what is no by-value, and for a time that is over with mode `R`. */
export function parseDeliverBy(value: string | undefined): DeliverBy | undefined {
  const match = syntax.exec(value ?? "");
  if (match === null) return undefined;
  const seconds = Number(match[1]);
  const mode = match[2]!.toUpperCase() as DeliverBy["mode"];
  if (seconds <= 0 && mode === "R") return undefined;
  return { seconds, mode, trace: match[3] !== "" };
}
