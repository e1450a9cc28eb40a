/** A clock that comes late: nobody is blamed for the time that something else took. */

import { expect, test } from "bun:test";
import { Sweep } from "../../src/sweep.ts";

const interval = 20;

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Lets timers and what came from outside have their turn. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** Something that is due soon, and counts how often it was told so. */
class Due {
  readonly deadline = performance.now() + interval;
  expired = 0;
  expire(): void {
    this.expired++;
  }
}

test("after a look that came late there is another one before anybody is late", async () => {
  const sweep = new Sweep(interval);
  const due = new Due();
  sweep.add(due);
  block(interval * 10);
  await turn();
  expect(due.expired).toBe(0);
  while (due.expired === 0) await turn();
  sweep.delete(due);
});

test("a loop that is always late keeps nobody for ever", async () => {
  const sweep = new Sweep(interval);
  const due = new Due();
  sweep.add(due);
  for (let times = 0; times < 30 && due.expired === 0; times++) {
    block(interval * 3);
    await turn();
  }
  expect(due.expired).toBeGreaterThan(0);
  sweep.delete(due);
});
