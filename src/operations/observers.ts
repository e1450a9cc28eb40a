/** Several observers as one. */

import type { Observer } from "../session/observer.ts";

type Watched = { [Name in keyof Observer]-?: Parameters<NonNullable<Observer[Name]>> };

const names: readonly (keyof Observer)[] = [
  ...["began", "replied", "transactionBegan", "transactionEnded"] as const,
  ...["message", "authentication", "ended", "handshakeFailed", "failed", "turnedAway"] as const,
];

/** All are told, in their order; what none of them wants to hear of is not there to be called. */
export function together(observers: readonly Partial<Observer>[]): Observer {
  const [only, ...others] = observers;
  if (only !== undefined && others.length === 0) return only as Observer;
  const joined: Record<string, unknown> = {};
  for (const name of names) {
    const listeners = observers.filter((observer) => observer[name] !== undefined);
    if (listeners.length === 0) continue;
    joined[name] = (...told: Watched[typeof name]) => {
      for (const listener of listeners) (listener[name] as (...told: unknown[]) => void)(...told);
    };
  }
  return joined as unknown as Observer;
}
