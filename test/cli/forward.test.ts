/** `postern forward`: mail to a function without a line of code. */

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { says, secret, startFunction } from "../forward/functions.ts";
import { sendMail } from "./client.ts";
import { Command, run, runtimeNames } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-forward-"));
afterAll(() => rmSync(folder, { recursive: true }));
const secretFile = join(folder, "secret");
writeFileSync(secretFile, `${secret}\n`);
writeFileSync(join(folder, "short"), "whsec_aGFsZg==\n");

const listen = ["--port", "0", "--hostname", "127.0.0.1"];
const mail = { from: "alice@example.org", to: ["bob@example.com"] };

describe.each(runtimeNames)("%s", (runtime) => {
  test("hands mail to a function, signed, and its answer to the sender", async () => {
    await using target = await startFunction(says(200, "Ticket 7"));
    const { host } = new URL(target.url);
    const to = `http://me:hunter2@${host}/in?token=hunter3`;
    const words = ["--to", to, "--domain", "example.com,example.net", "--secret-file", secretFile];
    const command = new Command(runtime, ["forward", ...words, "--allow-private", "--format", "json", ...listen]);
    const port = await command.port();
    expect((await sendMail(port, mail)).at(-2)).toBe("250 2.0.0 Ticket 7");
    expect(await sendMail(port, { ...mail, to: ["bob@elsewhere.test"] })).toContain(
      "550 5.1.1 No such recipient here",
    );
    const { status, stdout, stderr } = await command.stop();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain(`for http://${host}/in?token=… (Postern `);
    expect(stdout).not.toContain(secret);
    expect(stdout).not.toMatch(/hunter[23]/);
    const { headers, body, path } = target.asked[0]!;
    expect(path).toBe("/in?token=hunter3");
    expect(headers["authorization"]).toBe(`Basic ${btoa("me:hunter2")}`);
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({ type: "mail.deliver" });
    expect(target.asked).toHaveLength(1);
  }, 30_000);

  test("asks about recipients when told to, with its settings from the environment", async () => {
    await using target = await startFunction((asked, response) =>
      void response.writeHead(asked.headers["smtp-stage"] === "rcpt" ? 404 : 204).end()
    );
    const command = new Command(runtime, ["forward", "--ask-recipients", ...listen], {
      POSTERN_TO: target.url,
      POSTERN_DOMAIN: "example.com",
      POSTERN_SECRET: secret,
      POSTERN_ALLOW_PRIVATE: "1",
    });
    expect(await sendMail(await command.port(), mail)).toContain("550 5.1.1 No such recipient here");
    expect((await command.stop()).status).toBe(0);
  }, 30_000);
});

const complete = ["--to", "https://app.example/in", "--domain", "example.com", "--secret-file", secretFile];

test.each<[string[], number, RegExp]>([
  [[], 2, /^postern: --to is missing: the URL of the function \(postern forward --help tells more\)\n$/],
  [["--to", "https://app.example/"], 2, /^postern: --domain is missing: /],
  [complete.slice(0, 4), 2, /^postern: --secret-file is missing: requests in the format raw are signed/],
  [[...complete, "--secret", "whsec_hidden"], 2, /^postern: --secret-file and --secret exclude each other(?!.*hidden)/],
  [["--to", "app.example"], 2, /^postern: --to: "app\.example" is not a URL such as /],
  [["--domain", "a b"], 2, /^postern: --domain: "a b" is not a domain such as /],
  [["--format", "xml"], 2, /^postern: --format: "xml" is not raw, json, /],
  [[...complete, "app.ts"], 2, /^postern: forward takes no ENTRY, but was given app\.ts/],
  [["--public-inbox"], 2, /^postern: --public-inbox is no flag/],
  [[...complete, "--to", "http://127.0.0.1/"], 2, /^postern: Cannot forward to 127\.0\.0\.1: .*add --allow-private if/],
  [[...complete, "--secret-file", "/no/such/file"], 1, /^postern: cannot read the secret file \/no\/such\/file: /],
  [[...complete, "--secret-file", join(folder, "short")], 2, /^postern: Cannot use a webhook secret of 4 octets: /],
])("refuses %j with status %d", async (words, status, line) => {
  const ended = await run("bun", ["forward", ...words]);
  expect(ended.stderr).toMatch(line);
  expect(ended.stdout).toBe("");
  expect(ended.status).toBe(status);
}, 30_000);

test.each([
  [["--to", "htps://me:hunter2@app.example/in?token=hunter3"], '--to: "htps://…@app.example/in?token=…" is not'],
  [["--to", "https://me:hunter2"], '--to: "https://me:…" is not a URL'],
  [["--to", "me:hunter2/in"], '--to: "me:…" is not a URL'],
  [["--to", "http://app.example:99999/in"], '--to: "http://app.example:99999/in" is not a URL'],
  [["--to", "https://me:hunter2@app example/in?hunter3"], '--to: "https://…@app example/in?…" is not a URL'],
  [[...complete, "https://me:hunter2@app.example/in?token=hunter3"], "but was given https://app.example/in?token=…"],
])("shows no secrets of a URL in %j", async (words, said) => {
  const { stdout, stderr } = await run("bun", ["forward", ...words]);
  expect(stderr).toContain(said);
  expect(stdout + stderr).not.toMatch(/hunter[23]/);
}, 30_000);

test("prints its settings without a password, and its help", async () => {
  const url = "https://actionmailbox:hunter2@app.example/rails?token=hunter3&plain#hunter4";
  const words = ["--to", url, "--domain", "example.com", "--format", "action-mailbox", "--print-config"];
  const [config, help] = await Promise.all([run("bun", ["forward", ...words]), run("bun", ["forward", "--help"])]);
  expect(JSON.parse(config.stdout)).toMatchObject({
    port: 2525,
    hostname: "0.0.0.0",
    forward: {
      to: "https://app.example/rails?token=…&…",
      domains: ["example.com"],
      format: "action-mailbox",
      allowPrivate: false,
    },
  });
  expect(config.stdout).not.toMatch(/hunter\d|plain/);
  expect(help.stdout).toStartWith("Usage: postern forward --to URL --domain NAME[,NAME] ");
  expect(help.stdout.split("\n").filter((line) => line.length > 120)).toEqual([]);
  expect(help.stdout).not.toContain("inbox");
}, 30_000);
