/** A worker's memory of half-delivered messages: its parent's, so that a retry finds it at every worker. */

import type { DeliveryStore } from "../app/deliveries.ts";
import type { FromParent, FromWorker, StoreCall } from "./messages.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class SharedDeliveries implements DeliveryStore {
  readonly #tell: (message: FromWorker) => void;
  /** Kept up to date by the parent: nearly every sender is not among them, and then nobody has to be asked. */
  readonly #pending: Set<string>;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #isConnected = true;

  constructor(tell: (message: FromWorker) => void, pending: readonly string[]) {
    this.#tell = tell;
    this.#pending = new Set(pending);
  }

  isPending(sender: string): boolean | Promise<boolean> {
    return this.#pending.has(sender) && this.#call<boolean>({ name: "isPending", arguments: [sender] });
  }

  delivered(sender: string, message: string): Promise<readonly string[]> {
    return this.#call({ name: "delivered", arguments: [sender, message] });
  }

  record(sender: string, message: string, delivered: readonly string[], untold: readonly string[]): Promise<void> {
    return this.#call({ name: "record", arguments: [sender, message, delivered, untold] });
  }

  settle(sender: string, message: string, told: readonly string[]): Promise<void> {
    return this.#call({ name: "settle", arguments: [sender, message, told] });
  }

  /** The parent's news and answers. */
  hear(message: FromParent & { readonly type: "pending" | "stored" }): void {
    if (message.type === "pending") {
      if (message.isPending) this.#pending.add(message.sender);
      else this.#pending.delete(message.sender);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    waiting?.resolve(message.value);
  }

  /** The parent is gone: what cannot be remembered fails, and its sender hears 451. */
  disconnected(): void {
    this.#isConnected = false;
    for (const { reject } of this.#waiting.values()) reject(lost());
    this.#waiting.clear();
  }

  #call<Value>(call: StoreCall): Promise<Value> {
    if (!this.#isConnected) return Promise.reject(lost());
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#tell({ type: "store", id, call });
    });
  }
}

function lost(): Error {
  return new Error("The parent of this worker, which remembers half-delivered messages, is gone");
}
