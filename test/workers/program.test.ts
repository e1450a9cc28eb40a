/** `serve(app, { workers })` in a program of one's own. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { Questions } from "../../src/workers/questions.ts";
import { Renewal } from "../../src/workers/renewal.ts";
import { Slot } from "../../src/workers/slot.ts";
import { type RuntimeName, runtimeNames } from "../runtime.ts";
import { root } from "../cli/command.ts";
import { Certificates, missing } from "../tls/certificates.ts";
import { deliver, ended, greeted, greetedBy, pidIn, quit } from "./client.ts";

const commands: Readonly<Record<RuntimeName, readonly string[]>> = {
  bun: [`${root}node_modules/.bin/bun`],
  deno: [`${root}node_modules/.bin/deno`, "run", "-A", "--cached-only"],
  node: ["node"],
};

/** The program under way; it is killed after half a minute, whatever happens. */
class Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<number | null>;
  output = "";
  #look: () => void = () => {};

  constructor(runtime: RuntimeName, words: readonly string[]) {
    const [name = "", ...args] = commands[runtime];
    this.child = spawn(name, [...args, "test/workers/program.js", ...words], { cwd: root });
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 30_000);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on("data", (chunk) => {
        this.output += chunk;
        this.#look();
      });
    }
    this.ended = new Promise((resolve) =>
      this.child.on("close", (status) => {
        clearTimeout(timer);
        this.#look();
        resolve(status);
      })
    );
  }

  /** Asks for something, and waits until it is printed. */
  async ask(line: string, pattern: RegExp): Promise<string> {
    this.output = "";
    this.child.stdin.write(`${line}\n`);
    return (await this.printed(pattern))[0];
  }

  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    while (true) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (this.child.exitCode !== null) throw new Error(`${pattern} was never printed:\n${this.output}`);
      await new Promise<void>((resolve) => this.#look = resolve);
    }
  }
}

describe.skipIf(missing !== undefined).each(runtimeNames)("%s", (runtime) => {
  const certificates = missing === undefined ? new Certificates() : undefined;
  beforeAll(() => ["one", "two"].forEach((name) => certificates?.server(name, "mx.test")));
  afterAll(() => certificates?.remove());

  test("listens on a port and a Unix socket, exchanges certificates everywhere, and closes", async () => {
    const file = (name: string) => join(certificates!.folder, name);
    const use = (name: string) => [".pem", ".key"].forEach((end) => copyFileSync(file(name + end), file(`now${end}`)));
    use("one");
    const program = new Program(runtime, [file("now.pem"), file("now.key"), file(runtime), "--twice"]);
    const parent = program.child.pid;
    const [, port] = await program.printed(new RegExp(`{"pid":${parent},"ports":\\[(\\d+),0\\]}`));
    const pids = new Set<number>();
    while (pids.size < 2) pids.add(await pidAt(Number(port)));
    expect(pids).not.toContain(parent);
    const [, twice] = await program.printed(/twice: (.*)/);
    expect(twice).toBe("Cannot serve with workers twice in one program: give one server all listeners");

    const unix = await greeted(file(runtime));
    expect(pids).toContain(pidIn(unix.greeting)!);
    expect(await deliver(unix, "alice")).toStartWith("250 2.0.0 pid ");

    use("two");
    expect(await program.ask("reload", /reloaded|kept.*/)).toBe("reloaded");
    for (const pid of pids) expect(await subjectAt(Number(port), pid)).toBe("two");
    copyFileSync(file("one.pem"), file("now.pem"));
    expect(await program.ask("reload", /kept.*/)).toStartWith("kept: Cannot use tls.key, the file ");
    for (const pid of pids) expect(await subjectAt(Number(port), pid)).toBe("two");

    const session = await greeted(Number(port));
    // Those that were dropped a moment ago are counted until their worker has seen it.
    while (!program.output.includes("connections: 1, sessions: 0")) await program.ask("connections", /connections: .*/);
    program.child.stdin.write("close\n");
    expect((await session.client.reply()).raw).toStartWith("421 4.3.2 ");
    await program.printed(/^kept: Cannot reload TLS certificates: the server is closed\nclosed$/m);
    expect(await program.ended).toBe(0);
    await Promise.all([...pids].map(ended));
    expect(existsSync(file(runtime))).toBe(false);
  }, 60_000);

  test("a worker that starts during a reload takes part in it, and one that hangs ends it", async () => {
    const file = (name: string) => join(certificates!.folder, name);
    const use = (name: string) => [".pem", ".key"].forEach((end) => copyFileSync(file(name + end), file(`now${end}`)));
    use("one");
    const unix = file(`${runtime}-2`);
    const program = new Program(runtime, [file("now.pem"), file("now.key"), unix]);
    const [, port] = await program.printed(/"ports":\[(\d+),0\]}/);
    // The only one that listens on the Unix socket, except on Node.
    const killed = await pidAt(unix);
    let kept = killed;
    while (kept === killed) kept = await pidAt(Number(port));
    process.kill(kept, "SIGSTOP");
    process.kill(killed, "SIGKILL");
    await program.printed(/ended with SIGKILL/);
    // It has read the certificate by now.
    program.child.stdin.write("reload\n");
    const newcomer = await newcomerAt(unix, [killed, kept]);
    use("two");
    process.kill(kept, "SIGCONT");
    await program.printed(/^reloaded$/m);
    for (const pid of [kept, newcomer]) expect(await subjectAt(Number(port), pid)).toBe("two");

    use("one");
    process.kill(kept, "SIGSTOP");
    expect(await program.ask("reload", /^(?:kept|reloaded).*/m)).toMatch(
      new RegExp(`^kept: worker \\d, pid ${kept}, did not answer within 10 s; it takes them once it can`),
    );
    process.kill(kept, "SIGCONT");
    expect(await subjectAt(Number(port), newcomer)).toBe("one");
    while (await subjectAt(Number(port), kept) !== "one");
    program.child.stdin.write("close\n");
    expect(await program.ended).toBe(0);
  }, 60_000);
});

test("without a worker that could look at them, certificates are not taken", async () => {
  const renewal = new Renewal([new Slot(0)], new Questions(), () => {});
  const outcome = renewal.reload({ cert: "mx.pem", key: "mx.key" });
  await expect(outcome).rejects.toThrow("Cannot reload TLS certificates: no worker is ready");
});

/** A process that is none of those that are known. Node hands connections to one that is stopped, too. */
async function newcomerAt(where: string, known: readonly number[]): Promise<number> {
  while (true) {
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, 300));
    const session = await Promise.race([greeted(where).catch(() => undefined), late]);
    const pid = session === undefined ? undefined : pidIn(session.greeting);
    session?.client.destroy();
    if (pid !== undefined && !known.includes(pid)) return pid;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function pidAt(where: number | string): Promise<number> {
  const session = await greeted(where);
  await quit(session);
  return pidIn(session.greeting)!;
}

/** The common name of the certificate that a worker shows. */
async function subjectAt(port: number, pid: number): Promise<string> {
  const { client } = await greetedBy(port, pid);
  await client.command("EHLO client.test");
  await client.command("STARTTLS");
  const socket = connect({ socket: client.socket, rejectUnauthorized: false });
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return [subject.CN].flat()[0] ?? "";
}
