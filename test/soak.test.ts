import { describe, expect, test } from "bun:test";
import { type Findings, problems, soak } from "../bench/soak/run.ts";
import { runtimeNames } from "./runtime.ts";

/** `npm run soak` does so for as long as you like. */
const seconds = 5;

test("memory that grows is a problem where there was time to see it", () => {
  const clean = { wrong: [], unhandled: [], lost: [], doubled: [], sessions: 0, left: 0, files: [9, 9], exitCode: 0 };
  const [mebibyte, minutes] = [2 ** 20, 60];
  const found = (seconds: number, middle: number, last: number): string[] =>
    problems({ ...clean, seconds, kept: [middle * mebibyte, last * mebibyte] } as unknown as Findings);
  expect(found(5 * minutes, 100, 130)).toEqual([expect.stringContaining("100.0 MiB in the middle third, 130.0 MiB")]);
  expect(found(5 * minutes, 100, 110)).toEqual([]);
  // A few megabytes of little are much of it, and not yet a leak.
  expect(found(5 * minutes, 20, 26)).toEqual([]);
  expect(found(1 * minutes, 100, 130)).toEqual([]);
});

describe("among clients and handlers that fail in every way", () => {
  for (const runtime of runtimeNames) {
    test(`well-behaved clients get right answers, and each message once, on ${runtime}`, async () => {
      const findings = await soak(runtime, seconds);
      expect(problems(findings)).toEqual([]);
      expect(findings.answered).toBeGreaterThan(0);
      expect(findings.faults).toBeGreaterThan(0);
      for (const octets of findings.kept) expect(octets).toBeWithin(2 ** 20, 2 ** 27);
    }, 120_000);
  }
});
