import { describe, expect, test } from "bun:test";
import { type Elsewhere, runElsewhere } from "../elsewhere.ts";
import { cases as answers } from "./answers.ts";
import { absent, dnsmasqCases } from "./dnsmasq.ts";
import { cases as https } from "./https.ts";
import { cases as lies } from "./lies.ts";
import { cases as limits } from "./limits.ts";

const dnsmasq = dnsmasqCases();
if (dnsmasq === undefined) console.log(absent);

describe("the resolver on Bun", () => {
  for (const [name, run] of Object.entries({ ...answers, ...limits, ...lies, ...https, ...dnsmasq })) {
    test(name, run, 20_000);
  }
});

describe("the same cases elsewhere", () => {
  test.each<Elsewhere>(["deno", "node"])("pass on %s", async (runtime) => {
    const { code, output } = await runElsewhere(runtime, "test/dns/run.ts");
    expect(output).toMatch(/[1-9]\d* passed, 0 failed/);
    expect(code).toBe(0);
  }, 120_000);
});
