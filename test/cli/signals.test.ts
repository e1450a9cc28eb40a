import { describe, expect, test } from "bun:test";
import { beginMessage } from "./client.ts";
import { Command, commandLine, root, runtimeNames } from "./command.ts";

/** Starts a command in a terminal of its own, closes that once it listens, and says how the command ended. */
const inTerminal = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
said = b""
while b"listening on" not in said: said += os.read(terminal, 4096)
os.close(terminal)
print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describe.each(runtimeNames)("%s", (runtime) => {
  test("lets an open session finish after the first signal", async () => {
    const command = new Command(runtime, ["serve", "--port", "0", "--grace", "20"]);
    const { socket, heard } = await beginMessage(await command.port());
    command.child.kill("SIGTERM");
    await command.printed(/SIGTERM: stopping; open sessions: 1, with 20 s to finish/);
    socket.write("Subject: late\r\n\r\nbut whole\r\n.\r\n");
    const { status, stdout } = await command.ended;
    expect(status).toBe(0);
    expect(heard()).toContain("\r\n250 2.0.0 Ok: queued as ");
    expect(stdout).toContain("  subject  late\n");
    expect(stdout).toEndWith("\nstopped\n");
  }, 30_000);

  test("ends at a signal while the app is still loading", async () => {
    const command = new Command(runtime, ["serve", "test/cli/entries/loading.ts", "--port", "0"]);
    await command.printed(/loading in/);
    const { status, stdout, stderr } = await command.stop();
    expect(stdout).toEndWith("\nSIGTERM: stopped before anything was served\n");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  }, 30_000);

  test("goes on at SIGHUP where there is nothing to read again, also while it starts", async () => {
    const early = new Command(runtime, ["serve", "test/cli/entries/loading.ts", "--port", "0"]);
    await early.printed(/loading in/);
    early.child.kill("SIGHUP");
    const command = new Command(runtime, ["serve", "--port", "0"]);
    await command.port();
    command.child.kill("SIGHUP");
    await command.printed(/^SIGHUP: there is nothing to read again, the server has no TLS$/m);
    expect(await command.stop()).toMatchObject({ status: 0, stderr: "" });
    expect(await early.stop()).toMatchObject({ status: 0, stderr: "" });
  }, 30_000);

  test.skipIf(Bun.which("python3") === null)("ends when its terminal is closed", () => {
    const words = [...commandLine(runtime), "serve", "--port", "0"];
    const { stdout } = Bun.spawnSync(["python3", "-c", inTerminal, ...words], { cwd: root, timeout: 20_000 });
    // Node 20 aborts at the very end when a terminal is gone that it wants to reset (node::ResetStdio).
    expect(`${stdout}`).toMatch(runtime === "node" ? /^status -?\d+\n$/ : /^status 0\n$/);
  }, 30_000);

  test("ends with status 1 at the second signal", async () => {
    const command = new Command(runtime, ["serve", "--port", "0", "--grace", "25"]);
    const { socket } = await beginMessage(await command.port());
    command.child.kill("SIGTERM");
    await command.printed(/SIGTERM: stopping; open sessions: 1/);
    // What follows the first at once is taken for its echo.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect((await command.stop("SIGINT")).status).toBe(1);
    socket.destroy();
  }, 30_000);

  test("drains and ends with status 1 when an app throws where nobody catches", async () => {
    const command = new Command(runtime, ["serve", "test/cli/entries/throwing.ts", "--port", "0"]);
    const { status, stdout, stderr } = await command.ended;
    expect(stdout).toMatch(/ fatal {3}app an error reached nobody: out of nowhere\n[^]*stopped\n$/);
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  }, 30_000);
});
