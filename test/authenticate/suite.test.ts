import { describe, expect, test } from "bun:test";
import { type Elsewhere, runElsewhere } from "../elsewhere.ts";
import { hostileCases } from "./hostile.ts";
import { absent, arcCases, exampleCases } from "./suite.ts";

const cases = arcCases();
if (cases === undefined) console.log(absent);

for (const [name, run] of Object.entries({ ...exampleCases, ...hostileCases })) test(name, run);

describe.skipIf(cases === undefined)("the public suite for ARC validation", () => {
  for (const [name, run] of Object.entries(cases ?? {})) test(name, run);

  test("has all its 171 cases", () => {
    expect(Object.keys(cases ?? {})).toHaveLength(171);
  });
});

test.each<Elsewhere>(["deno", "node"])("the examples and the suite pass whole on %s", async (runtime) => {
  const { code, output } = await runElsewhere(runtime, "test/authenticate/run.ts");
  expect(output).toContain(`${Object.keys({ ...exampleCases, ...hostileCases, ...cases }).length} passed, 0 failed`);
  expect(code).toBe(0);
}, 120_000);
