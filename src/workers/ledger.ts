/** What holds for all workers together, kept by their parent: places, failed logins, half-delivered messages. */

import { MemoryDeliveryStore } from "../app/deliveries.ts";
import type { ServerLimits } from "../limits.ts";
import type { CountedPlaces } from "../places.ts";
import { AddressFailures, type RememberedFailures } from "../session/failures.ts";
import type { FromParent, FromWorker, PlacesNews, StoreCall } from "./messages.ts";
import { partedPlaces } from "./places.ts";

/** Half-delivered messages that are remembered, as in one process. */
const mostPending = 10_000;

/** A worker, as the ledger knows it. */
export interface Member {
  tell(message: FromParent): void;
}

export class Ledger {
  /** Places that are lent to workers, beside those they have. */
  readonly #places: CountedPlaces;
  readonly #failures: AddressFailures;
  readonly #deliveries = new MemoryDeliveryStore(mostPending);
  /** Senders the workers have been told of. */
  readonly #pending = new Set<string>();
  /** Whose places are whose: those of one that ends are free again. */
  readonly #held = new Map<Member, { readonly borrowed: string[]; connections: number }>();

  constructor(limits: ServerLimits, workers: number) {
    this.#places = partedPlaces(limits, workers).lent;
    this.#failures = new AddressFailures(limits.authFailuresPerAddress, limits.authFailureWindow);
  }

  /** The connections of all workers. */
  get connections(): number {
    return [...this.#held.values()].reduce((sum, { connections }) => sum + connections, 0);
  }

  /** What a new worker is to know. */
  get memory(): { readonly failures: readonly RememberedFailures[]; readonly pending: readonly string[] } {
    return { failures: this.#failures.remembered, pending: [...this.#pending] };
  }

  /** A worker is there. */
  join(member: Member): void {
    this.#held.set(member, { borrowed: [], connections: 0 });
  }

  /** A worker is gone, and its connections with it. */
  leave(member: Member): void {
    for (const address of this.#held.get(member)?.borrowed ?? []) this.#places.leave(address);
    this.#held.delete(member);
  }

  /** Answers a worker, and tells the others what concerns them. */
  hear(member: Member, message: FromWorker): void {
    switch (message.type) {
      case "places":
        return this.#move(member, message);
      case "authFailure":
        this.#failures.record(message.address);
        return this.#tellOthers(member, message);
      case "store":
        return member.tell({ type: "stored", id: message.id, ...this.#call(message.call) });
    }
  }

  #move(member: Member, { asked, returned, connections }: PlacesNews): void {
    const held = this.#held.get(member);
    if (held === undefined) return;
    held.connections = connections;
    const { borrowed } = held;
    for (const address of returned) {
      borrowed.splice(borrowed.indexOf(address), 1);
      this.#places.leave(address);
    }
    if (asked.length === 0) return;
    const full = asked.map((address) => {
      const reason = this.#places.take(address);
      if (reason === undefined) borrowed.push(address);
      return reason ?? null;
    });
    member.tell({ type: "places", full });
  }

  /**
   * The store's answer. Workers hear that a sender is pending before the worker that recorded it gets its answer, and so
   * long before the sender can come back to another of them.
   */
  #call(call: StoreCall): { readonly value?: unknown } {
    const store = this.#deliveries;
    switch (call.name) {
      case "isPending":
        return { value: this.#follow(call.arguments[0]) };
      case "delivered":
        return { value: store.delivered(...call.arguments) };
      case "record":
        store.record(...call.arguments);
        this.#follow(call.arguments[0]);
        // The store has forgotten some: they are as many as it may hold, and one more.
        if (this.#pending.size > mostPending) { for (const sender of this.#pending) this.#follow(sender); }
        return {};
      case "settle":
        store.settle(...call.arguments);
        this.#follow(call.arguments[0]);
        return {};
    }
  }

  /** Tells the workers of a sender that has become pending, or is so no longer. */
  #follow(sender: string): boolean {
    const isPending = this.#deliveries.isPending(sender);
    if (isPending === this.#pending.has(sender)) return isPending;
    if (isPending) this.#pending.add(sender);
    else this.#pending.delete(sender);
    this.#tellOthers(undefined, { type: "pending", sender, isPending });
    return isPending;
  }

  #tellOthers(member: Member | undefined, message: FromParent): void {
    for (const other of this.#held.keys()) if (other !== member) other.tell(message);
  }
}
