import { expect, test } from "bun:test";
import { together } from "../../src/operations/observers.ts";
import type { Observer } from "../../src/session/observer.ts";

const everything: readonly (keyof Observer)[] = [
  ...["began", "replied", "transactionBegan", "transactionEnded", "message", "authentication"] as const,
  ...["ended", "handshakeFailed", "failed", "unstored", "turnedAway"] as const,
];

test("each of several observers is told of all there is, in their order", () => {
  const told: string[] = [];
  const observer = (who: string) =>
    Object.fromEntries(everything.map((name) => [name, () => told.push(`${who} ${name}`)])) as Partial<Observer>;
  const joined = together([observer("first"), observer("second")]) as unknown as Record<string, () => void>;
  for (const name of everything) joined[name]!();
  expect(told).toEqual(everything.flatMap((name) => [`first ${name}`, `second ${name}`]));
});

test("what no observer wants to hear of is not there to be called", () => {
  expect(Object.keys(together([{ failed() {} }, { failed() {}, ended() {} }]))).toEqual(["ended", "failed"]);
});
