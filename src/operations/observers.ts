/** Several observers as one. */

import type { Observer } from "../session/observer.ts";

type Told = { [Name in keyof Observer]-?: Parameters<NonNullable<Observer[Name]>> };

/** Everything that there is to be told of: one that is left out here does not compile. */
const all: Readonly<Record<keyof Observer, true>> = {
  began: true,
  replied: true,
  transactionBegan: true,
  transactionEnded: true,
  message: true,
  authentication: true,
  ended: true,
  handshakeFailed: true,
  failed: true,
  unstored: true,
  turnedAway: true,
};
const names = Object.keys(all) as readonly (keyof Observer)[];

/** All are told, in their order; what none of them wants to hear of is not there to be called. */
export function together(observers: readonly Partial<Observer>[]): Observer {
  const [only, ...others] = observers;
  if (only !== undefined && others.length === 0) return only as Observer;
  const joined: Record<string, unknown> = {};
  for (const name of names) {
    const listeners = observers.filter((observer) => observer[name] !== undefined);
    if (listeners.length === 0) continue;
    joined[name] = (...told: Told[typeof name]) => {
      for (const listener of listeners) (listener[name] as (...told: unknown[]) => void)(...told);
    };
  }
  return joined as unknown as Observer;
}
