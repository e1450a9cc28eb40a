/** Tests that run on the three runtimes at the same time: they wait more than they work. */

import { afterAll, beforeAll, test } from "bun:test";
import type { Subject } from "../conformance/conformance.ts";
import { Runtime, runtimeNames } from "../runtime.ts";

const subjects: readonly Subject[] = runtimeNames.map((name) => ({ name }) as Subject);

/** Starts the runtimes for the tests of a file, and ends them; they must have no fault that nobody handled. */
export function startRuntimes(): void {
  beforeAll(async () => {
    await Promise.all(subjects.map(async (subject) => subject.runtime = await Runtime.start(subject.name)));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(subjects.map(({ runtime }) => runtime[Symbol.asyncDispose]()));
  }, 60_000);
}

/** A test that must pass on each runtime; says on which it did not. */
export function everywhere(title: string, body: (subject: Subject) => Promise<void>, timeout = 60_000): void {
  test(title, async () => {
    const outcomes = await Promise.allSettled(subjects.map(async (subject) => await body(subject)));
    const failed = outcomes.flatMap((outcome, index) =>
      outcome.status === "rejected" ? [`on ${subjects[index]!.name}: ${describe(outcome.reason)}`] : []
    );
    if (failed.length > 0) throw new Error(failed.join("\n\n"));
  }, timeout);
}

function describe(reason: unknown): string {
  return reason instanceof Error ? reason.stack ?? reason.message : String(reason);
}
