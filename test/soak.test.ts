import { describe, expect, test } from "bun:test";
import { problems, soak } from "../bench/soak/run.ts";
import { runtimeNames } from "./runtime.ts";

/** `npm run soak` does so for as long as you like. */
const seconds = 2;

describe("among clients and handlers that fail in every way", () => {
  for (const runtime of runtimeNames) {
    test(`well-behaved clients get right answers, and each message once, on ${runtime}`, async () => {
      const findings = await soak(runtime, seconds);
      expect(problems(findings)).toEqual([]);
      expect(findings.answered).toBeGreaterThan(0);
      expect(findings.faults).toBeGreaterThan(0);
    }, 120_000);
  }
});
