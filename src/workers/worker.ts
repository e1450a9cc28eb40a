/** A worker's end of the channel to its parent, and what it shares with the other workers by way of it. */

import process from "node:process";
import type { DeliveryStore } from "../app/deliveries.ts";
import type { Shared } from "../engine.ts";
import type { ServerLimits } from "../limits.ts";
import type { Snapshot } from "../operations/exposition.ts";
import type { Server } from "../server.ts";
import { AddressFailures } from "../session/failures.ts";
import { logOrphaned } from "./log.ts";
import { type FromParent, type FromWorker, opened, sealed, type Welcome } from "./messages.ts";
import { SharedDeliveries } from "./deliveries.ts";
import { isOrphaned, whenOrphaned } from "./parentage.ts";
import { partedPlaces, SharedPlaces } from "./places.ts";

/** How long a process may go on that has nothing to serve any more, in milliseconds. */
const patience = 1000;

let hasJoined = false;

export class Worker {
  readonly welcome: Welcome;
  readonly shared: Shared;
  readonly #deliveries: SharedDeliveries;
  readonly #places: SharedPlaces;
  readonly #failures: SharedFailures;
  #server: Server | undefined;
  #snapshot: (() => Promise<Snapshot>) | undefined;
  #isLeaving = false;

  private constructor(welcome: Welcome, limits: ServerLimits) {
    this.welcome = welcome;
    this.#places = new SharedPlaces(tell, partedPlaces(limits, welcome.workers).own);
    this.#failures = new SharedFailures(limits.authFailuresPerAddress, limits.authFailureWindow);
    this.#failures.remember(welcome.failures);
    this.#deliveries = new SharedDeliveries(tell, welcome.pending);
    const deliveries: DeliveryStore = this.#deliveries;
    const { workers } = welcome;
    this.shared = { places: this.#places, addressFailures: this.#failures, deliveries, workers };
  }

  /**
   * Makes this process's server that of a worker.
   *
   * @throws {TypeError} when it has one already.
   */
  static async join(limits: ServerLimits): Promise<Worker> {
    if (hasJoined) throw new TypeError("Cannot serve with workers twice in one program: give one server all listeners");
    hasJoined = true;
    ignoreHangup();
    if (!process.connected) throw new Error("The parent of this worker is gone");
    const welcome = await new Promise<Welcome>((resolve, reject) => {
      const watch = whenOrphaned(() => reject(new Error("The parent of this worker is gone")));
      process.on("message", function hear(received): void {
        const message = opened<FromParent>(received);
        // Another worker could not begin: none does.
        if (message?.type === "close") process.exit();
        if (message?.type !== "welcome") return;
        process.off("message", hear);
        watch[Symbol.dispose]();
        resolve(message);
      });
      tell({ type: "hello", limits });
    });
    const worker = new Worker(welcome, limits);
    process.on("message", (received) => worker.#hear(opened<FromParent>(received)));
    whenOrphaned(() => worker.#disconnected());
    return worker;
  }

  /** The server is up: from now on the parent may close it, or reload its certificates. */
  begin(server: Server, snapshot: () => Promise<Snapshot>): void {
    this.#server = server;
    this.#snapshot = snapshot;
    // Between the welcome and this nobody may have listened.
    if (isOrphaned()) return this.#disconnected();
    tell({ type: "ready", listeners: server.listeners });
  }

  /** The server is closed, and with it the process ends: at once if nothing else is open, soon if something is. */
  end(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    if (process.connected) process.disconnect();
    setTimeout(() => process.exit(), patience).unref();
  }

  #hear(message: FromParent | undefined): void {
    switch (message?.type) {
      case "places":
        return this.#places.hear(message.full);
      case "authFailure":
        return this.#failures.hear(message.address);
      case "pending":
      case "stored":
        return this.#deliveries.hear(message);
      case "close":
        // One that does not serve yet has nothing to finish.
        if (this.#server === undefined) process.exit();
        return void this.#server.close(message.grace === undefined ? {} : { grace: message.grace });
      case "reload":
        return answer(message.id, this.#server?.reload({ tls: message.tls }));
      case "metrics":
        return answer(message.id, this.#snapshot?.());
    }
  }

  #disconnected(): void {
    this.#places.disconnected();
    this.#deliveries.disconnected();
    if (this.#isLeaving) return;
    logOrphaned();
    // One that does not serve yet has nothing to finish, and nobody would end it once it does.
    if (this.#server === undefined) process.exit(1);
    this.#server.close();
  }
}

/** Until it serves, a worker whose parent is gone ends at once, whatever it is waiting for: nobody else would end it. */
export function endWithParent(): void {
  ignoreHangup();
  whenOrphaned(() => {
    if (!hasJoined) process.exit(1);
  });
}

/** SIGHUP is for the parent. Sent to the whole process group, it would end workers in the middle of a message. */
function ignoreHangup(): void {
  process.off("SIGHUP", doNothing).on("SIGHUP", doNothing);
}

function doNothing(): void {}

/** Tells the parent that this process cannot serve, where it is a worker. */
export function tellFailure(message: string, status: number = 1): Promise<void> {
  return new Promise((resolve) => tell({ type: "failed", message, status }, resolve));
}

function tell(message: FromWorker, sent: () => void = () => {}): void {
  // A parent that is gone shows as a disconnection; what was meant for it goes nowhere.
  if (process.connected) process.send!(sealed(message), sent);
  else sent();
}

/** Answers the parent, once there is an answer. */
function answer(id: number, outcome: Promise<Snapshot | void> | undefined): void {
  outcome?.then(
    (value) => tell({ type: "answer", id, ...(value === undefined ? {} : { value }) }),
    (error) => tell({ type: "answer", id, error: String((error as Error)?.message ?? error) }),
  );
}

/** Failed logins, of which the other workers hear. */
class SharedFailures extends AddressFailures {
  override record(address: string): void {
    super.record(address);
    tell({ type: "authFailure", address });
  }

  /** Another worker's. */
  hear(address: string): void {
    super.record(address);
  }
}
