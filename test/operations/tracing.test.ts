import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type RuntimeName, runtimeNames } from "../runtime.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

interface Spanned {
  readonly id: string;
  readonly parent: string | null;
  readonly trace: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: number; readonly message?: string };
  readonly events: readonly { readonly name: string; readonly message?: string }[];
}

function installed(program: string): string {
  const path = `${root}node_modules/.bin/${program}`;
  return existsSync(path) ? path : program;
}

const commands: Readonly<Record<RuntimeName, readonly string[]>> = {
  bun: [installed("bun")],
  deno: [installed("deno"), "run", "-A", "--cached-only"],
  node: ["node", "--import", "jiti/register"],
};

function run(runtime: RuntimeName, mode: "sdk" | "off" | "none"): unknown {
  const [program = "", ...args] = commands[runtime];
  const { stdout, stderr } = spawnSync(program, [...args, "test/operations/traced.ts", runtime, mode], {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

describe.each(runtimeNames)("tracing on %s", (runtime) => {
  test("makes a span of each session, transaction and handler, and handlers' own hang under theirs", () => {
    const spans = run(runtime, "sdk") as Spanned[];
    const nameOf = (id: string | null) => spans.find((span) => span.id === id)?.name ?? null;
    expect(spans.map(({ name, parent }) => [name, nameOf(parent)])).toEqual([
      ["smtp auth", "smtp session"],
      ["smtp command", "smtp session"],
      ["smtp rcpt", "smtp transaction"],
      ["store", "smtp deliver"],
      ["smtp deliver", "smtp transaction"],
      ["smtp transaction", "smtp session"],
      ["smtp rcpt", "smtp transaction"],
      ["smtp deliver", "smtp transaction"],
      ["smtp transaction", "smtp session"],
      ["smtp session", null],
    ]);
    expect(new Set(spans.map(({ trace }) => trace)).size).toBe(1);
    const session = spans.at(-1)!;
    expect(session.kind).toBe(1);
    expect(session.status.code).toBe(0);
    expect(session.attributes).toEqual({
      "session.id": expect.any(String),
      "network.protocol.name": "smtp",
      "client.address": "127.0.0.1",
      "client.port": expect.any(Number),
      "server.address": "127.0.0.1",
      "server.port": expect.any(Number),
      "smtp.session.outcome": "quit",
      "smtp.session.transactions": 2,
      "user.name": "carol@login.test",
    });
    const [good, bad] = spans.filter(({ name }) => name === "smtp transaction");
    expect(good?.status.code).toBe(0);
    expect(good?.attributes).toEqual({
      "smtp.transaction.id": `${session.attributes["session.id"]}.0`,
      "smtp.message.size": 18,
      "smtp.message.recipients": 1,
      "smtp.reply.code": 250,
    });
    expect(bad?.status.code).toBe(2);
    expect(bad?.attributes["smtp.reply.code"]).toBe(451);
    const [delivered, failed] = spans.filter(({ name }) => name === "smtp deliver");
    expect(delivered?.attributes).toEqual({ "smtp.stage": "deliver" });
    expect(failed?.status).toEqual({ code: 2, message: "TypeError: the handler failed" });
    expect(failed?.attributes).toEqual({ "smtp.stage": "deliver", "smtp.reply.code": 451, "error.type": "TypeError" });
    expect(failed?.events).toEqual([{ name: "exception", message: "the handler failed" }]);
    // An error that throws when it is looked at is told as text.
    const trapped = spans.find(({ name }) => name === "smtp command");
    expect(trapped?.status).toEqual({ code: 2, message: "(an error that cannot be put into words)" });
    expect(trapped?.attributes["error.type"]).toBe("_OTHER");
    expect(trapped?.events).toEqual([{ name: "exception", message: "(an error that cannot be put into words)" }]);
    // No address of an envelope is in them, and a login in one place alone.
    expect(JSON.stringify(spans)).not.toMatch(/b\.test|example\.com|wonderland/);
    expect(JSON.stringify(spans).match(/login\.test/g)).toHaveLength(1);
  });

  test("makes none where it is switched off", () => {
    expect(run(runtime, "off")).toEqual([expect.objectContaining({ name: "store", parent: null })]);
  });

  test("loads nothing where no SDK is registered", () => {
    expect(run(runtime, "none")).toEqual({ isRegistered: false, loaded: [] });
  });
});
