/**
 * The memory that makes one reply true for several recipients.
 *
 * When some recipients took a message and others did not, SMTP has one reply for all: a temporary refusal. The sender
 * comes back with the same message for all of them; those who have it must not get it twice.
 */

/** Which recipients of which messages need not be asked again. */
export interface DeliveryStore {
  /** Whether this sender is to send to one recipient at a time, because one of its messages is half delivered. */
  isPending(sender: string): boolean | Promise<boolean>;
  /** Those who took this message, as addresses in one spelling: quotes undone, lower case, domains in A-labels. */
  delivered(sender: string, message: string): readonly string[] | Promise<readonly string[]>;
  /** Writes down who took a message that not all took, and whom the one reply could not tell. */
  record(
    sender: string,
    message: string,
    delivered: readonly string[],
    untold: readonly string[],
  ): void | Promise<void>;
  /**
   * These heard their own final reply: the same octets for one of them are a new message from now on. Once all have heard
   * theirs, the message is forgotten.
   */
  settle(sender: string, message: string, told: readonly string[]): void | Promise<void>;
}

interface Entry {
  readonly sender: string;
  readonly message: string;
  readonly delivered: Set<string>;
  readonly untold: Set<string>;
  readonly expiresAt: number;
}

/** RFC 5321 section 4.5.4.1: senders give up after four to five days. */
const lifetime = 5 * 24 * 60 * 60 * 1000;

/** The memory of one process: bounded, and gone with it. */
export class MemoryDeliveryStore implements DeliveryStore {
  readonly #most: number;
  readonly #mostNames: number;
  /** How many recipients all entries name. */
  #names = 0;
  /** By sender, then by message in the order of their making. */
  readonly #senders = new Map<string, Map<string, Entry>>();
  /** All of them, in the order of their making. */
  readonly #entries = new Set<Entry>();

  /**
   * Remembers nothing yet: what an earlier process knew is gone with it.
   *
   * @param most how many half-delivered messages are remembered; past that the oldest is forgotten. Default 10 000.
   * @param mostNames how many recipients they may name together; past that likewise. Default ten times as many.
   */
  constructor(most = 10_000, mostNames: number = most * 10) {
    this.#most = most;
    this.#mostNames = mostNames;
  }

  /** Whether the sender has a message that not all of its recipients got. */
  isPending(sender: string): boolean {
    const messages = this.#senders.get(sender);
    if (messages === undefined) return false;
    for (const entry of messages.values()) {
      if (entry.expiresAt > Date.now()) return true;
      this.#forget(entry);
    }
    return false;
  }

  delivered(sender: string, message: string): readonly string[] {
    return [...this.#senders.get(sender)?.get(message)?.delivered ?? []];
  }

  record(sender: string, message: string, delivered: readonly string[], untold: readonly string[]): void {
    let messages = this.#senders.get(sender);
    const entry = messages?.get(message);
    if (entry !== undefined) {
      this.#names -= namesOf(entry);
      for (const recipient of delivered) entry.delivered.add(recipient);
      // A sender may split one message's recipients over several transactions, and each has its own to be told.
      for (const recipient of untold) entry.untold.add(recipient);
      this.#names += namesOf(entry);
      return;
    }
    if (this.#entries.size >= this.#most) this.#forgetOldest();
    while (this.#entries.size > 0 && this.#names > this.#mostNames) this.#forgetOldest();
    messages = this.#senders.get(sender);
    if (messages === undefined) this.#senders.set(sender, messages = new Map());
    const expiresAt = Date.now() + lifetime;
    const made = { sender, message, delivered: new Set(delivered), untold: new Set(untold), expiresAt };
    messages.set(message, made);
    this.#entries.add(made);
    this.#names += namesOf(made);
  }

  settle(sender: string, message: string, told: readonly string[]): void {
    const entry = this.#senders.get(sender)?.get(message);
    if (entry === undefined) return;
    for (const recipient of told) {
      if (entry.untold.delete(recipient)) this.#names--;
      // The sender knows: when the same octets come for it again, they are a new message.
      if (entry.delivered.delete(recipient)) this.#names--;
    }
    if (entry.untold.size === 0) this.#forget(entry);
  }

  #forgetOldest(): void {
    const [oldest] = this.#entries;
    if (oldest !== undefined) this.#forget(oldest);
  }

  #forget(entry: Entry): void {
    const messages = this.#senders.get(entry.sender);
    messages?.delete(entry.message);
    if (messages?.size === 0) this.#senders.delete(entry.sender);
    if (this.#entries.delete(entry)) this.#names -= namesOf(entry);
  }
}

function namesOf({ delivered, untold }: Entry): number {
  return delivered.size + untold.size;
}
