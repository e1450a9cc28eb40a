/** fly.toml, the Dockerfiles and the flags of the command agree with each other. */

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { serveFlags, twinOf } from "../../src/cli/flags.ts";
import { octets } from "../../src/cli/kind.ts";
import { readSettings, type Settings } from "../../src/cli/settings.ts";
import { config, folder, readImage } from "./files.ts";

const dockerfiles = ["Dockerfile.bun", "Dockerfile.deno"] as const;
const secrets = { POSTERN_TLS_CERT: "-----BEGIN CERTIFICATE-----", POSTERN_TLS_KEY: "-----BEGIN PRIVATE KEY-----" };

/** What the process takes by itself on Deno, where it is most, and what is left for connections and the kernel. */
const process = 160 * 1024 ** 2;
const spare = 64 * 1024 ** 2;

function settings(): Settings {
  return readSettings({ flags: new Map(), operands: ["app.ts"] }, { ...config.env, ...secrets }, serveFlags);
}

test("its POSTERN_ variables are all known to the command", () => {
  const twins = new Set(serveFlags.flatMap(({ flags }) => flags.map(twinOf)));
  const unknown = Object.keys(config.env).filter((name) => name.startsWith("POSTERN_") && !twins.has(name));
  expect(unknown).toEqual([]);
  expect(Object.values(config.env).every((value) => typeof value === "string")).toBe(true);
});

test("three ports, each behind a PROXY header of version 2, each to the listener that is meant", () => {
  const listeners = settings().options.listeners!;
  const inside = (port: number) => listeners.find((listener) => listener.port === port);
  const outside = config.services.map(({ internal_port: port, ports }) => [ports[0]!.port, inside(port)] as const);
  expect(outside).toEqual([
    [25, { port: 2525 }],
    [465, { port: 4650, implicitTls: true, submission: true }],
    [587, { port: 5870, submission: true }],
  ]);
  for (const service of config.services) {
    expect(service).toMatchObject({
      protocol: "tcp",
      auto_start_machines: true,
      auto_stop_machines: "stop",
      concurrency: { type: "connections" },
      tcp_checks: [{ timeout: "2s" }],
      ports: [{ handlers: ["proxy_proto"], proxy_proto_options: { version: "v2" } }],
    });
    expect(service.concurrency.soft_limit).toBeLessThan(service.concurrency.hard_limit);
  }
  expect(settings().options.proxyProtocol).toEqual(["172.16.0.0/12"]);
  // All of Fly.io's connections together are not more than the server takes.
  const most = config.services.reduce((sum, { concurrency }) => sum + concurrency.hard_limit, 0);
  expect(most).toBeLessThanOrEqual(1000);
});

test("the drain ends before Fly.io kills", () => {
  const { grace } = settings().command;
  expect(config.kill_timeout).toBeGreaterThanOrEqual(grace / 1000 + 5);
  expect(config.kill_timeout).toBeLessThanOrEqual(300);
});

test("all the mail that may lie there fits into the VM, beside the process", () => {
  const { spool, maxSize } = settings().options;
  // The spool is a tmpfs, which is memory.
  expect(config.env["POSTERN_SPOOL_DIR"]).toBe("/dev/shm");
  const taken = spool!.memoryBudget! + spool!.diskBudget! + process;
  expect(config.vm.map(({ memory }) => taken <= octets.read(memory)! - spare)).toEqual([true]);
  // A message of the largest size finds room in the tmpfs.
  expect(spool!.diskBudget!).toBeGreaterThanOrEqual(maxSize ?? 25 * 1024 ** 2);
});

test("checks and metrics ask the port of the operations page", () => {
  const port = Number(config.env["POSTERN_HTTP_PORT"]);
  expect(config.checks["health"]).toMatchObject({ type: "http", port, path: "/healthz" });
  expect(config.metrics).toEqual({ port, path: "/metrics" });
  expect(config.services.some((service) => service.internal_port === port)).toBe(false);
});

describe.each([...dockerfiles])("%s", (name) => {
  const image = readImage(name);
  test("is not root, has its version, and hears Fly.io's signal", () => {
    expect(["root", "0"]).not.toContain(image.user);
    expect(image.from.every((from) => /^\S+:\d[\w.-]*(?: AS \w+)?$/.test(from))).toBe(true);
    expect(image.stopSignal).toBe(config.kill_signal);
  });

  test("copies files that are there", () => {
    expect(image.files.filter((file) => !existsSync(`${folder}${file}`))).toEqual([]);
  });
});

test("the Dockerfile that is named is there", () => {
  expect([...dockerfiles] as string[]).toContain(config.build.dockerfile);
});
