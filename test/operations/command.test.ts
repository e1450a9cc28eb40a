import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sendMail } from "../cli/client.ts";
import { Command, root, run, runtimeNames } from "../cli/command.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-operations-"));
afterAll(() => rmSync(folder, { recursive: true }));

const entry = "test/cli/entries/postern.ts";

describe.each(runtimeNames)("postern serve on %s, set up by the environment alone", (runtime) => {
  test("serves HTTP, and writes transcripts", async () => {
    const directory = join(folder, runtime);
    const command = new Command(runtime, ["serve", entry], {
      POSTERN_PORT: "0",
      POSTERN_HOSTNAME: "127.0.0.1",
      POSTERN_HTTP_PORT: "0",
      POSTERN_TRANSCRIPT: directory,
      POSTERN_LOG_FORMAT: "json",
    });
    const port = Number((await command.printed(/"hostname":"127\.0\.0\.1","port":(\d+)/))[1]);
    const [, line = ""] = await command.printed(/^(.*healthz.*)$/m);
    const { http } = JSON.parse(line) as { http: { hostname: string; port: number } };
    expect(http.hostname).toBe("127.0.0.1");
    const read = async (path: string) => await (await fetch(`http://127.0.0.1:${http.port}${path}`)).text();
    expect(await read("/readyz")).toBe("ok\n");
    await sendMail(port, { from: "alice@example.com", to: ["bob@example.com"] });
    expect(await read("/metrics")).toContain('postern_replies_total{stage="mail",code="250"} 1\n');
    const { status, stderr } = await command.stop();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [file = ""] = readdirSync(directory);
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(directory, file), "utf8")).toContain(" C: MAIL FROM:<alice@example.com>");
  }, 60_000);

  test("tells what would be in force, but no secret", async () => {
    const { status, stdout } = await run(runtime, ["serve", "app.ts", "--print-config"], {
      PORT: "2600",
      POSTERN_HTTP_PORT: "9090",
      POSTERN_TRANSCRIPT: "/var/log/postern",
      POSTERN_TLS_CERT: "cert.pem",
      POSTERN_TLS_KEY: "key.pem",
      POSTERN_TLS_PASSPHRASE: "hunter2",
    });
    expect(status).toBe(0);
    expect(stdout).not.toContain("hunter2");
    expect(JSON.parse(stdout)).toMatchObject({
      port: 2600,
      http: { port: 9090, hostname: "127.0.0.1" },
      transcript: "/var/log/postern",
      tls: { passphrase: "(hidden)" },
    });
  }, 60_000);
});

test.each(["bun", "node"] as const)("a full disk is one line in the log, and harms no mail: %s", async (runtime) => {
  const words = ["serve", entry, "--port", "0", "--hostname", "127.0.0.1", "--log-format", "json"];
  const transcript = join(folder, `full-${runtime}`);
  // As on a full disk: files can be made, and nothing can be written into them.
  const full = ["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"];
  const command = new Command(runtime, [...words, "--transcript", transcript], {}, root, full);
  const port = Number((await command.printed(/"hostname":"127\.0\.0\.1","port":(\d+)/))[1]);
  for (let sent = 0; sent < 3; sent++) await sendMail(port, { from: "alice@example.com", to: ["bob@example.com"] });
  const { status, stdout } = await command.stop();
  expect(status).toBe(0);
  expect(stdout.match(/sessions go on without transcripts/g)).toHaveLength(1);
  expect(readdirSync(transcript)).toHaveLength(3);
}, 60_000);

test.each(runtimeNames)("the page is there again after a flood that left no file descriptor: %s", async (runtime) => {
  const words = ["serve", entry, "--port", "0", "--hostname", "127.0.0.1", "--http-port", "0"];
  const few = ["sh", "-c", 'ulimit -n 300; exec "$@"', "sh"];
  const command = new Command(runtime, words, {}, root, few);
  const port = Number((await command.printed(/HTTP on http:\S+:(\d+)\//))[1]);
  const flood = Array.from({ length: 350 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  await Promise.all(
    flood.map((each) => new Promise((resolve) => each.once("connect", resolve).once("close", resolve))),
  );
  for (const each of flood) each.destroy();
  let status = 0;
  for (let attempt = 0; status !== 200 && attempt < 300; attempt++) {
    status = await fetch(`http://127.0.0.1:${port}/healthz`).then((response) => response.status, () => 0);
    if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(status).toBe(200);
  expect((await command.stop()).status).toBe(0);
}, 60_000);

describe("what cannot be is said in one line", () => {
  test("an HTTP port that is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    const { port } = taken.address() as { port: number };
    const { status, stderr } = await run("bun", ["serve", entry, "--port", "0", "--http-port", String(port)]);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `postern: cannot serve HTTP on 127.0.0.1:${port}: the port is in use; stop what uses it, or choose ` +
        "another with --http-port (0 for any free one)\n",
    });
    await new Promise((resolve) => taken.close(resolve));
  });

  test("an HTTP address without a port, and a port that is none", async () => {
    const [alone, none] = await Promise.all([
      run("bun", ["serve", entry, "--http-hostname", "0.0.0.0"]),
      run("bun", ["serve", entry], { POSTERN_HTTP_PORT: "http" }),
    ]);
    expect(alone.status).toBe(2);
    expect(alone.stderr).toContain("add --http-port");
    expect(none.status).toBe(2);
    expect(none.stderr).toContain('POSTERN_HTTP_PORT: "http" is not a whole number from 0 to 65535');
  });

  test("a place for transcripts that is a file", async () => {
    const { status, stderr } = await run("bun", ["serve", entry, "--port", "0", "--transcript", "package.json"]);
    expect(status).toBe(1);
    expect(stderr).toBe("postern: cannot keep transcripts in package.json: it is no directory\n");
  });

  test.each(runtimeNames)("a place for transcripts where nothing can be made, on %s", async (runtime) => {
    const { status, stderr } = await run(runtime, ["serve", entry, "--port", "0", "--transcript", "/proc/no/such"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^postern: cannot keep transcripts in \/proc\/no\/such: .*'\/proc\/no'\n$/);
  }, 30_000);
});
