import { describe, expect, test } from "bun:test";
import { type Elsewhere, runElsewhere } from "../elsewhere.ts";
import { absent, spfCases } from "./suite.ts";

const cases = spfCases();
if (cases === undefined) console.log(absent);

describe.skipIf(cases === undefined)("the public suite for RFC 7208", () => {
  for (const [name, run] of Object.entries(cases ?? {})) test(name, run, 20_000);

  test("has all its 203 cases", () => {
    expect(Object.keys(cases ?? {})).toHaveLength(203);
  });

  test.each<Elsewhere>(["deno", "node"])("passes whole on %s", async (runtime) => {
    const { code, output } = await runElsewhere(runtime, "test/spf/run.ts");
    expect(output).toContain("203 passed, 0 failed");
    expect(code).toBe(0);
  }, 120_000);
});
