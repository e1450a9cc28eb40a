/** What workers and their parent say to each other, as JSON over the channel between their processes. */

import type { DeliveryStore } from "../app/deliveries.ts";
import type { ServerLimits } from "../limits.ts";
import type { Snapshot } from "../operations/exposition.ts";
import type { Full } from "../places.ts";
import type { BoundAddress } from "../server.ts";
import type { RememberedFailures } from "../session/failures.ts";
import type { TlsOptions } from "../tls/options.ts";

/** A call of a {@linkcode DeliveryStore}, by its name. */
export type StoreCall = {
  [Name in keyof DeliveryStore]: { readonly name: Name; readonly arguments: Parameters<DeliveryStore[Name]> };
}[keyof DeliveryStore];

/** From a worker to its parent. */
export type FromWorker =
  /** The first word: it has loaded, and asks for what it must know before it listens. */
  | { readonly type: "hello"; readonly limits: ServerLimits }
  /** It listens. */
  | { readonly type: "ready"; readonly listeners: readonly BoundAddress[] }
  /** It cannot serve: the reason, and the status it ends with. */
  | { readonly type: "failed"; readonly message: string; readonly status: number }
  | PlacesNews
  | { readonly type: "authFailure"; readonly address: string }
  | { readonly type: "store"; readonly id: number; readonly call: StoreCall }
  /** To `reload` or `metrics`. */
  | ({ readonly type: "answer"; readonly id: number } & Answer);

/** What moves in and out of a worker. */
export interface PlacesNews {
  readonly type: "places";
  /** Addresses of connections that ask for a place of the parent's. */
  readonly asked: readonly string[];
  /** Those of places that are given back. */
  readonly returned: readonly string[];
  /** How many connections the worker has. */
  readonly connections: number;
}

/** From the parent to a worker. */
export type FromParent =
  | Welcome
  /** One for each address of `asked`, in its order; null for a place. */
  | { readonly type: "places"; readonly full: readonly (Full | null)[] }
  | { readonly type: "authFailure"; readonly address: string }
  /** Whether a sender has a message that only some of its recipients took. */
  | { readonly type: "pending"; readonly sender: string; readonly isPending: boolean }
  | { readonly type: "stored"; readonly id: number; readonly value?: unknown }
  | { readonly type: "reload"; readonly id: number; readonly tls: TlsOptions }
  | { readonly type: "metrics"; readonly id: number }
  | { readonly type: "close"; readonly grace?: number };

/** What came of something that was asked of a worker. */
export interface Answer {
  /** The metrics, if it was them. */
  readonly value?: Snapshot;
  /** Why it could not be done. */
  readonly error?: string;
}

/** What a worker must know before it listens. */
export interface Welcome {
  readonly type: "welcome";
  /** How many workers there are to be. */
  readonly workers: number;
  /** 0 for the one that alone listens where only one can. */
  readonly slot: number;
  /** Whether it stands in for one that ended, and may have left things behind. */
  readonly isReplacement: boolean;
  /** The ports that the first worker found, listener by listener; null for that one. */
  readonly ports: readonly number[] | null;
  /** The certificates of the last reload; null before. */
  readonly tls: TlsOptions | null;
  readonly failures: readonly RememberedFailures[];
  /** The senders with half-delivered messages. */
  readonly pending: readonly string[];
}

/** Apps may use the same channel: what is ours stands under this name. */
const envelope = "postern";

/** Puts a message into its envelope. */
export function sealed(message: FromParent | FromWorker): object {
  return { [envelope]: message };
}

/** The message, if it is one of ours. */
export function opened<Message extends FromParent | FromWorker>(received: unknown): Message | undefined {
  if (typeof received !== "object" || received === null || !(envelope in received)) return undefined;
  return received[envelope] as Message;
}
