import { describe, expect, test } from "bun:test";
import { appOf } from "../../src/app/handler.ts";
import { type Elsewhere, runElsewhere } from "../elsewhere.ts";
import { cases } from "./request.ts";

describe("a stage's Request on Bun", () => {
  for (const [name, run] of Object.entries(cases)) test(name, run);
});

describe("the same cases elsewhere", () => {
  test.each<Elsewhere>(["deno", "node"])("pass on %s", async (runtime) => {
    const { code, output } = await runElsewhere(runtime, "test/app/request.run.ts");
    expect(output).toContain(`${Object.keys(cases).length} passed, 0 failed`);
    expect(code).toBe(0);
  }, 60_000);
});

describe("what is no handler is refused, by its kind", () => {
  const nothings = {
    undefined,
    null: null,
    42: 42,
    string: "app.ts",
    "{}": {},
    "{ fetch: 1 }": { fetch: 1 },
    "[]": [],
  };
  test.each(Object.entries(nothings))("%s", (_, handler) => {
    expect(() => appOf(handler)).toThrow(TypeError);
    expect(() => appOf(handler)).toThrow(/^Cannot serve (?:null|a value of type \w+): give a Postern/);
  });
});
