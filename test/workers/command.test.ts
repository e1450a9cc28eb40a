/** `postern serve --workers`: one server, several processes. */

import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, run, runtimeNames } from "../cli/command.ts";
import { Certificates, missing } from "../tls/certificates.ts";
import { deliver, ended, type Greeted, greeted, greetedBy, pidIn, quit } from "./client.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-workers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(
  runtime: (typeof runtimeNames)[number],
  words: string[] = [],
  env: Record<string, string> = {},
): Command {
  return new Command(runtime, ["serve", "test/workers/app.js", "--port", "0", "--workers", "2", ...words], env);
}

/** The processes that serve, as the log names them. */
async function workersOf(command: Command): Promise<number[]> {
  await command.port();
  return [...command.stdout.matchAll(/worker \d is ready, pid (\d+)/g)].map(([, pid]) => Number(pid));
}

/** Opens a pipe for writing, once somebody reads from it. */
async function opened(fifo: string): Promise<number> {
  while (true) {
    try {
      return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Opens sessions until there are so many. Places of those that ended a moment ago may still be taken. */
async function fill(open: Greeted[], count: number, port: number): Promise<void> {
  while (open.length < count) {
    const session = await greeted(port);
    if (session.greeting.code === 220) open.push(session);
    else await session.client.closed();
  }
}

describe.each(runtimeNames)("%s", (runtime) => {
  test(
    "both workers take mail, the limit of connections holds for both, and one that is killed is replaced",
    async () => {
      const command = start(runtime, ["--hostname", "127.0.0.1", "--max-connections-per-address", "6"]);
      const port = await command.port();
      const pids = await workersOf(command);
      expect(pids).toHaveLength(2);
      expect(command.stdout).toMatch(
        /listening on 127\.0\.0\.1:\d+ for test\/workers\/app\.js \(Postern .*, 2 workers\)/,
      );
      for (const pid of pids) expect(await deliver(await greetedBy(port, pid), "alice")).toBe(`250 2.0.0 pid ${pid}`);

      const [killed = 0, kept = 0] = pids;
      const open = [await greetedBy(port, killed), await greetedBy(port, kept)];
      await fill(open, 6, port);
      for (let attempt = 0; attempt < 6; attempt++) {
        const seventh = await greeted(port);
        expect(seventh.greeting.raw).toStartWith("421 4.7.0 ");
        await seventh.client.closed();
      }
      process.kill(killed, "SIGKILL");
      await command.printed(new RegExp(`pid ${killed}, ended with SIGKILL; another takes its place`));
      // Its connections' places are free again, and those of the other are not.
      const [, replacement] = await command.printed(/ended with SIGKILL[^]*worker \d is ready, pid (\d+)/);
      const left = open.filter(({ greeting }) => pidIn(greeting) === kept);
      expect(left).not.toHaveLength(6);
      const again = [await greetedBy(port, Number(replacement))];
      await fill(again, 6 - left.length, port);
      expect((await greeted(port)).greeting.code).toBe(421);
      for (const each of [...left, ...again]) await quit(each);
      const { status, stderr } = await command.stop();
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    },
    60_000,
  );

  test("a message on its way is finished when the parent is told to stop, and no process is left", async () => {
    const command = start(runtime, ["--grace", "20"]);
    const port = await command.port();
    const pids = await workersOf(command);
    const idle = await greetedBy(port, pids[0]!);
    const busy = await greetedBy(port, pids[1]!);
    const finish = await deliver(busy, "late-comer", "halfway");
    command.child.kill("SIGTERM");
    await command.printed(/SIGTERM: stopping; open sessions: \d, with 20 s to finish/);
    expect((await idle.client.reply()).raw).toStartWith("421 4.3.2 ");
    expect(await finish()).toBe(`250 2.0.0 pid ${pids[1]}`);
    const { status, stdout } = await command.ended;
    expect(status).toBe(0);
    expect(stdout).toEndWith("\nstopped\n");
    await Promise.all(pids.map(ended));
  }, 60_000);

  test("SIGHUP to all processes ends none while a message is on its way", async () => {
    const command = start(runtime);
    const port = await command.port();
    const pids = await workersOf(command);
    const finish = await deliver(await greetedBy(port, pids[1]!), "unimpressed", "halfway");
    for (const pid of [command.child.pid!, ...pids]) process.kill(pid, "SIGHUP");
    await command.printed(/SIGHUP: there is nothing to read again, the server has no TLS/);
    expect(await finish()).toBe(`250 2.0.0 pid ${pids[1]}`);
    for (const pid of pids) expect(await deliver(await greetedBy(port, pid), "alice")).toBe(`250 2.0.0 pid ${pid}`);
    const { status, stdout } = await command.stop();
    expect(status).toBe(0);
    expect(stdout).not.toContain("another takes its place");
  }, 60_000);

  test.skipIf(process.platform !== "linux")(
    "a worker that ends by the signal that its parent is about to hear is no failure",
    async () => {
      const command = start(runtime);
      const [pid = 0] = await workersOf(command);
      command.child.kill("SIGSTOP");
      process.kill(pid, "SIGINT");
      // It is a zombie until its parent looks.
      while (!readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      command.child.kill("SIGINT");
      command.child.kill("SIGCONT");
      const { status, stdout, stderr } = await command.ended;
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).not.toContain("ended with");
    },
    60_000,
  );

  test("workers whose parent is killed finish what they have, and end", async () => {
    const command = start(runtime);
    const port = await command.port();
    const pids = await workersOf(command);
    const finish = await deliver(await greetedBy(port, pids[1]!), "orphan", "halfway");
    command.child.kill("SIGKILL");
    await command.printed(/the parent of this worker is gone: stopping/);
    expect(await finish()).toBe(`250 2.0.0 pid ${pids[1]}`);
    await Promise.all(pids.map(ended));
  }, 60_000);

  test("workers whose parent had not read everything when it was killed end as well", async () => {
    const command = start(runtime);
    const port = await command.port();
    const pids = await workersOf(command);
    const open = [await greetedBy(port, pids[0]!), await greetedBy(port, pids[1]!)];
    command.child.kill("SIGSTOP");
    for (const each of open) await quit(each);
    // Each tells its parent a hundredth of a second later.
    await new Promise((resolve) => setTimeout(resolve, 200));
    command.child.kill("SIGKILL");
    await Promise.all(pids.map(ended));
  }, 60_000);

  test.each(["SIGTERM", "SIGKILL"] as const)("workers that still load end with their parent: %s", async (signal) => {
    const command = new Command(runtime, ["serve", "test/cli/entries/loading.ts", "--port", "0", "--workers", "2"]);
    const [, one, other] = await command.printed(/loading in (\d+)[^]*loading in (\d+)/);
    command.child.kill(signal);
    await Promise.all([Number(one), Number(other)].map(ended));
    expect((await command.ended).status).toBe(signal === "SIGTERM" ? 0 : null);
  }, 60_000);

  test.skipIf(process.platform !== "linux" || Bun.which("prlimit") === null)(
    "a worker that cannot be started is tried again, and the other serves on",
    async () => {
      const command = start(runtime);
      const port = await command.port();
      const [killed = 0, kept = 0] = await workersOf(command);
      const limit = (files: string) => {
        const { success } = Bun.spawnSync(["prlimit", `--pid=${command.child.pid}`, `--nofile=${files}:`]);
        expect(success).toBe(true);
      };
      const [, files = ""] = /^Max open files +(\d+)/m.exec(readFileSync(`/proc/${command.child.pid}/limits`, "utf8"))!;
      limit("4");
      process.kill(killed, "SIGKILL");
      await command.printed(/worker 1 could not be started: .*; the next attempt is in \d+ ms[^]*could not be started/);
      limit(files);
      const [, replacement] = await command.printed(/could not be started[^]*worker 1 is ready, pid (\d+)/);
      for (const pid of [kept, Number(replacement)]) {
        expect(await deliver(await greetedBy(port, pid), "alice")).toBe(`250 2.0.0 pid ${pid}`);
      }
      const { status, stderr } = await command.stop();
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    },
    60_000,
  );

  test.skipIf(missing !== undefined).each(["SIGTERM", "SIGKILL"] as const)(
    "a worker that reads its certificate when the parent ends does not serve for ever: %s",
    async (signal) => {
      const certificates = new Certificates();
      certificates.server("mx", "mx.test");
      const [cert, key] = ["pem", "key"].map((end) => join(certificates.folder, `mx.${end}`)) as [string, string];
      const fifo = join(certificates.folder, "fifo");
      Bun.spawnSync(["mkfifo", fifo]);
      const command = start(runtime, ["--tls-cert", fifo, "--tls-key", key]);
      const writer = await opened(fifo);
      const { stdout } = Bun.spawnSync(["pgrep", "-P", `${command.child.pid}`]);
      const pids = `${stdout}`.trim().split("\n").map(Number);
      expect(pids).toHaveLength(2);
      command.child.kill(signal);
      await new Promise((resolve) => command.child.once("exit", resolve));
      await new Promise((resolve) => setTimeout(resolve, 200));
      try {
        writeSync(writer, readFileSync(cert));
      } catch (error) {
        // It ended before it had read.
        expect(error).toHaveProperty("code", "EPIPE");
      }
      closeSync(writer);
      await Promise.all(pids.map(ended));
      certificates.remove();
    },
    60_000,
  );

  test("a recipient who took a message at one worker is not asked again at another", async () => {
    const file = join(folder, `taken-${runtime}`);
    const command = start(runtime, [], { TAKEN: file });
    const port = await command.port();
    const [first = 0, second = 0] = await workersOf(command);
    const both = await deliver(await greetedBy(port, first), ["soon", "late"]);
    expect(both).toStartWith("451 4.3.0 Not all recipients took the message");
    // The other worker knows that this sender is to send to one recipient at a time, and who has the message.
    expect(await deliver(await greetedBy(port, second), "soon")).toStartWith("250 2.0.0 Ok: queued as ");
    expect(await deliver(await greetedBy(port, second), "late")).toStartWith("451 4.2.1 Not yet");
    expect(await deliver(await greetedBy(port, first), "late")).toBe(`250 2.0.0 pid ${first}`);
    expect(readFileSync(file, "utf8")).toBe("soon\nlate\n");
    // All have heard of their own: a message like that one is a new one.
    expect(await deliver(await greetedBy(port, second), "soon")).toBe(`250 2.0.0 pid ${second}`);
    expect((await command.stop()).status).toBe(0);
  }, 60_000);

  test("failed logins count at all workers, and at one that comes later", async () => {
    const words = ["--allow-insecure-auth", "--max-auth-failures-per-address", "2", "--auth-failure-delay", "0"];
    const command = start(runtime, words);
    const port = await command.port();
    const pids = await workersOf(command);
    const attempt = async (pid: number, secret: string) => {
      const session = await greetedBy(port, pid);
      await session.client.command("EHLO client.test");
      const { raw } = await session.client.command(`AUTH PLAIN ${btoa(`\0alice\0${secret}`)}`);
      session.client.destroy();
      return raw;
    };
    for (const pid of pids) await attempt(pid, "wrong");
    for (const pid of pids) expect(await attempt(pid, "wonderland")).toStartWith("421 4.7.0 ");
    process.kill(pids[0]!, "SIGTERM");
    const [, replacement] = await command.printed(/ended with status 0[^]*worker \d is ready, pid (\d+)/);
    expect(await attempt(Number(replacement), "wonderland")).toStartWith("421 4.7.0 ");
    expect((await command.stop()).status).toBe(0);
  }, 60_000);

  test("what the first worker cannot do ends the command with one line", async () => {
    const holder = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const words = ["serve", "--workers", "2", "--hostname", "127.0.0.1"];
    const inUse = await run(runtime, [...words, "test/workers/app.js", "--port", `${holder.port}`]);
    holder.stop(true);
    expect(inUse.status).toBe(1);
    expect(inUse.stderr).toMatch(/^postern: cannot listen on 127\.0\.0\.1:\d+: the port is in use; .*\n$/);
    const missing = await run(runtime, [...words, "nowhere.ts"]);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toMatch(/^postern: cannot load nowhere\.ts: there is no such file .*\n$/);
  }, 60_000);

  test("the inbox takes no workers, and a Unix socket takes a runtime that shares it", async () => {
    const none = await run(runtime, ["serve", "--workers", "2"]);
    expect(none.status).toBe(2);
    expect(none.stderr).toStartWith("postern: without ENTRY there is only the development inbox, which has no use for");
    if (runtime === "node") return;
    const words = ["--unix", join(folder, `alone-${runtime}`)];
    const alone = await run(runtime, ["serve", "test/workers/app.js", "--workers", "2", ...words]);
    expect(alone.status).toBe(1);
    expect(alone.stderr).toContain("with workers: this runtime shares ports, but no Unix sockets\n");
  }, 60_000);
});
