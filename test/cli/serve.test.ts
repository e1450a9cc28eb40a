import { afterAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installed } from "../runtime.ts";
import { beginMessage, sendMail } from "./client.ts";
import { Command, type Ended, run, runtimeNames } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bob = { from: "alice@example.com", to: ["bob@example.com", "carol@example.org"] };
const postern = ["serve", "test/cli/entries/postern.ts", "--port", "0", "--hostname", "127.0.0.1"];

type Line = Record<string, unknown> & { readonly logger: string; readonly level: string; readonly message: string };

/** Every line of stdout as the object it must be. */
function lines({ stdout }: Ended): Line[] {
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

async function refuse(runtime: (typeof runtimeNames)[number], words: string[], env?: Record<string, string>) {
  const { status, stdout, stderr } = await run(runtime, words, env);
  expect(stdout).toBe("");
  expect(stderr.split("\n")).toHaveLength(2);
  return { status, line: stderr.trimEnd() };
}

describe.each(runtimeNames)("%s", (runtime) => {
  test("shows what comes into the inbox, with nothing in it that a terminal would obey", async () => {
    const command = new Command(runtime, ["serve", "--port", "0"]);
    const port = await command.port();
    const replies = await sendMail(port, bob);
    expect(replies.at(-2)).toStartWith("250 2.0.0 Ok: queued as ");
    await command.printed(/ session .* quit /);
    const { status, stdout, stderr } = await command.stop();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toStartWith(
      "FOR DEVELOPMENT ONLY: no ENTRY was named, so mail for anybody is taken, shown here, and",
    );
    expect(stdout).toMatch(
      new RegExp(`listening on 127\\.0\\.0\\.1:${port} for the inbox \\(Postern .* on ${runtime} \\d`, "i"),
    );
    for (
      const line of [
        "  from     <alice@example.com>",
        "  to       <bob@example.com>",
        "           <carol@example.org>",
        "  subject  Grüße\\x1b[31m",
        "  date     Sun, 22 Nov 2026 13:00:00 +0000",
        "  attached report.pdf (application/pdf, 3 octets)",
        "  came     from 127.0.0.1, which calls itself client.test, by ESMTP, not encrypted, not logged in",
        "  text     the secret of the day",
        "           second line",
      ]
    ) expect(stdout).toContain(`${line}\n`);
    // The inbox and the log below it tell of one message.
    const [, logged] = /^.* message \S+ .* size=(\d+) /m.exec(stdout)!;
    expect(stdout).toContain(`  size     ${logged} octets\n`);
    expect(stdout).not.toContain("\x1b");
    expect(stdout).toMatch(/\nSIGTERM: stopping; open sessions: 0, .*\nstopped\n$/);
  }, 30_000);

  test("prints nothing but JSON lines when asked to, the inbox among them", async () => {
    const command = new Command(runtime, ["serve", "--port", "0"], { POSTERN_LOG_FORMAT: "json" });
    const port = Number((await command.printed(/"port":(\d+)/))[1]);
    await sendMail(port, bob);
    await command.printed(/"ending":"quit"/);
    const ended = await command.stop("SIGINT");
    expect(ended).toMatchObject({ status: 0, stderr: "" });
    expect(lines(ended).map((line) => [line.logger, line.level])).toEqual([
      ["postern.server", "INFO"],
      ["postern.server", "INFO"],
      ["postern.server", "INFO"],
      ["postern.message", "INFO"],
      ["postern.session", "INFO"],
      ["postern.server", "INFO"],
      ["postern.server", "INFO"],
    ]);
    expect(lines(ended)[2]).toMatchObject({
      ...bob,
      subject: "Grüße\x1b[31m",
      attachments: [{ name: "report.pdf", type: "application/pdf", size: 3 }],
      client: "127.0.0.1",
      helo: "client.test",
      protocol: "ESMTP",
    });
  }, 30_000);

  test("logs one line for a message and one for a session, and no word of the content", async () => {
    const command = new Command(runtime, [...postern, "--log-format", "json"]);
    const port = Number((await command.printed(/"port":(\d+)/))[1]);
    await sendMail(port, { ...bob, to: ["bob@example.com"] });
    await sendMail(port, { ...bob, to: ["bad@example.com"] });
    await command.printed(/(?:"ending":"quit"[^]*){2}/);
    const ended = await command.stop();
    const [, taken, session, failure, refused] = lines(ended);
    expect(taken).toMatchObject({
      logger: "postern.message",
      session: session?.["id"],
      client: "127.0.0.1",
      helo: "client.test",
      protocol: "ESMTP",
      from: "<alice@example.com>",
      to: ["<bob@example.com>"],
      recipients: 1,
      code: 250,
      reply: "250 2.0.0 thanks from bob, true",
      milliseconds: expect.any(Number),
      size: expect.any(Number),
    });
    expect(taken?.message).toStartWith(`${taken?.["id"]} from=<alice@example.com> to=<bob@example.com> size=`);
    expect(session).toMatchObject({ logger: "postern.session", ending: "quit", messages: 1 });
    expect(failure).toMatchObject({
      logger: "postern.handler",
      level: "ERROR",
      stage: "deliver",
      recipient: "<bad@example.com>",
      error: "TypeError: the handler's own fault in two lines",
      code: 451,
    });
    expect(failure).not.toHaveProperty("stack");
    expect(refused).toMatchObject({ logger: "postern.message", code: 451, id: failure?.["id"] });
    expect(ended.stdout).not.toContain("secret");
    expect(ended.stdout).not.toContain("Subject");
  }, 30_000);

  test("goes on when an app's promise fails unseen, and shows stacks at --log-level debug", async () => {
    const command = new Command(runtime, [...postern, "--log-level", "debug"]);
    const port = await command.port();
    await sendMail(port, { ...bob, to: ["stray@example.com"] });
    await command.printed(
      /error {3}app a promise failed and nobody looked: nobody waits for this\n[^]*\n +at .*postern\.ts/,
    );
    const replies = await sendMail(port, { ...bob, to: ["bad@example.com"] });
    expect(replies.at(-2)).toStartWith("451 4.3.0 ");
    await command.printed(
      /error {3}handler .*TypeError: the handler's own fault in two lines\n[^]*\n +at .*postern\.ts/,
    );
    expect(await command.stop()).toMatchObject({ status: 0, stderr: "" });
  }, 30_000);

  test("takes its settings from the environment, and refuses what is over them", async () => {
    const environment = {
      PORT: "0",
      POSTERN_HOSTNAME: "127.0.0.1",
      POSTERN_MAX_SIZE: "100",
      POSTERN_LOG_LEVEL: "error",
    };
    const command = new Command(runtime, ["serve", "test/cli/entries/postern.ts"], environment);
    const replies = await sendMail(await command.port(), { ...bob, to: ["bob@example.com"] });
    expect(replies.at(-2)).toStartWith("552 5.3.4 ");
    expect((await command.stop()).stdout).not.toContain(" message ");
  }, 30_000);

  test("listens on a Unix socket", async () => {
    const path = join(folder, `${runtime}.sock`);
    const command = new Command(runtime, ["serve", "--unix", path]);
    await command.printed(/listening on .*\.sock /);
    const replies = await sendMail(path, bob);
    expect(replies.at(-2)).toStartWith("250 ");
    expect((await command.stop()).stdout).toContain("  came     over a Unix socket, which calls itself client.test,");
  }, 30_000);

  test("listens where a server that was killed has left its socket, and not where one listens", async () => {
    const path = join(folder, `${runtime}-left.sock`);
    const listening = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); console.log("there");`;
    const first = spawn(installed("bun"), ["-e", `${listening} setInterval(() => {}, 1000)`]);
    await new Promise((resolve) => first.stdout.once("data", resolve));
    const { status, line } = await refuse(runtime, ["serve", "--unix", path]);
    expect([status, line]).toEqual([1, expect.stringContaining("there is a file of that name")]);
    first.kill("SIGKILL");
    await new Promise((resolve) => first.once("close", resolve));
    expect(existsSync(path)).toBe(true);
    const second = new Command(runtime, ["serve", "--unix", path]);
    await second.printed(/listening on .*\.sock /);
    expect((await sendMail(path, bob)).at(-2)).toStartWith("250 ");
    expect((await second.stop()).status).toBe(0);
  }, 30_000);

  test("warns of connections that it turns away", async () => {
    const words = ["serve", "--port", "0", "--max-connections", "1", "--log-format", "json"];
    const command = new Command(runtime, words);
    const { socket } = await beginMessage(Number((await command.printed(/"port":(\d+)/))[1]));
    const replies = await sendMail(socket.remotePort ?? 0, bob);
    expect(replies).toEqual(["421 4.7.0 Error: too many connections"]);
    await command.printed(/"logger":"postern.connection","client":"127.0.0.1","reason":"too many connections"/);
    socket.destroy();
    expect((await command.stop()).status).toBe(0);
  }, 30_000);

  test("says that a port is in use", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const { status, line } = await refuse(runtime, ["serve", "--port", `${port}`]);
    taken.close();
    expect(line).toBe(
      `postern: cannot listen on 127.0.0.1:${port}: the port is in use; ` +
        `stop what uses it, or choose another with --port (0 for any free one)`,
    );
    expect(status).toBe(1);
  }, 30_000);

  test.each<[string[], Record<string, string>, number, RegExp]>([
    [["serve", "--unix", "/no/such/folder/s"], {}, 1, /^postern: cannot listen on \/no\/such\/folder\/s: .+ --unix$/],
    [["serve", "a.ts", "--hostname", "192.0.2.1"], {}, 1, /^postern: cannot load a\.ts: /],
    [["serve", "--prot", "25"], {}, 2, /^postern: --prot is no flag: did you mean --port\? \(postern serve --help /],
    [["serve", "--port"], {}, 2, /^postern: --port needs a value \(/],
    [["serve", "--port", "65536"], {}, 2, /^postern: --port: "65536" is not a whole number from 0 to 65535 \(/],
    [["serve"], { POSTERN_MAX_SIZE: "big" }, 2, /^postern: POSTERN_MAX_SIZE: "big" is not a size above 0 in octets, /],
    [["serve", "a.ts", "--workers", "999"], {}, 2, /^postern: Cannot serve with workers 999: .* from 1 to 256, /],
    [
      ["serve", "--unix", `/tmp/${"x".repeat(103)}`],
      {},
      2,
      /^postern: Cannot listen on \/tmp\/x+: it has 108 octets, /,
    ],
    [["serve", "--name", "a b"], {}, 2, /^postern: Cannot serve under the name "a b": /],
    [["serve", "a.ts", "b.ts"], {}, 2, /^postern: one ENTRY can be served, not 2: a\.ts b\.ts \(/],
    [["serve", "--hostname", "0.0.0.0"], {}, 2, /^postern: without ENTRY there is only .* or add --public-inbox if /],
    [["serve"], { POSTERN_HOSTNAME: "::" }, 2, /^postern: without ENTRY there is only the development inbox, /],
    [[], {}, 2, /^postern: a command is missing: /],
    [["app.ts"], {}, 2, /^postern: "app\.ts" is no command: did you mean "postern serve app\.ts"\? \(/],
    [["serv", "app.ts"], {}, 2, /^postern: "serv" is no command: did you mean "postern serve"\? \(/],
    [["README.md"], {}, 2, /^postern: "README\.md" is no command: did you mean "postern serve README\.md"\? \(/],
    [
      ["completion"],
      {},
      2,
      /^postern: "completion" is no command: there are serve, forward and help \(postern --help /,
    ],
    [["help", "nope"], {}, 2, /^postern: "nope" is no command: there are serve, forward and help \(postern --help /],
    [["froward"], {}, 2, /^postern: "froward" is no command: did you mean "postern forward"\? \(/],
    [["help", "everything"], {}, 2, /^postern: "everything" is no command: /],
    [["--port", "25"], {}, 2, /^postern: --port is no flag before a command: write "postern serve --port" \(/],
  ])("refuses %j %j with status %d", async (words, environment, status, line) => {
    const refused = await refuse(runtime, words, environment);
    expect(refused.line).toMatch(line);
    expect(refused.status).toBe(status);
  }, 30_000);

  test("lets other machines reach the inbox only when told twice, and says so", async () => {
    const command = new Command(runtime, ["serve", "--port", "0", "--hostname", "0.0.0.0", "--public-inbox"]);
    await command.port();
    expect((await command.stop()).stdout).toContain("OTHER MACHINES CAN REACH IT");
  }, 30_000);

  test("prints help, version and settings, and ends", async () => {
    const [help, serveHelp, helpServe, version, config] = await Promise.all([
      run(runtime, ["--help"]),
      run(runtime, ["serve", "-h", "app.ts"]),
      run(runtime, ["help", "serve"]),
      run(runtime, ["--version"]),
      run(runtime, ["serve", "app.ts", "--print-config", "--port", "25", "--log-format", "json"], {
        POSTERN_MAX_SIZE: "1MiB",
      }),
    ]);
    expect(help.stdout).toStartWith("Postern: SMTP in, a fetch handler out.\n\nUsage: postern COMMAND");
    expect(help.stdout).toContain("Exit status: 0 ");
    expect(serveHelp.stdout).toStartWith("Usage: postern serve [ENTRY] [FLAGS]\n");
    expect(helpServe.stdout).toBe(serveHelp.stdout);
    expect(version.stdout).toMatch(new RegExp(`^postern \\d+\\.\\d+\\.\\d+ \\(${runtime} \\d.*\\)\\n$`, "i"));
    expect(JSON.parse(config.stdout)).toMatchObject({
      entry: "app.ts",
      port: 25,
      maxSize: 2 ** 20,
      hostname: "0.0.0.0",
    });
    expect(config.stdout.split("\n")).toHaveLength(2);
    for (const { status, stderr } of [help, serveHelp, helpServe, version, config]) {
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    }
  }, 30_000);
});

test("no Unix socket is left behind", () => {
  expect(runtimeNames.filter((runtime) => existsSync(join(folder, `${runtime}.sock`)))).toEqual([]);
});
