import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { cramMd5, password, Postern, reply, scram, scramCredentials, type ServeOptions } from "postern";
import { TestClient } from "postern/testing";
import { Certificates, missing } from "../tls/certificates.ts";
import { Runtime, runtimeNames } from "../runtime.ts";
import { WireClient } from "../wire.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-transcripts-"));
const made = missing === undefined ? new Certificates() : undefined;
made?.server("mx", "mx.test");
afterAll(() => {
  made?.remove();
  rmSync(folder, { recursive: true });
});

/** The lines without their times, which are all there. */
function linesOf(text: string): string[] {
  expect(text).toEndWith("\n");
  return text.slice(0, -1).split("\n").map((line) => {
    const [, rest] = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (.*)$/.exec(line) ?? [];
    return rest ?? `no time: ${line}`;
  });
}

describe.each(runtimeNames)("transcripts on %s", (name) => {
  let runtime: Runtime;
  beforeAll(async () => void (runtime = await Runtime.start(name)));
  afterAll(async () => await runtime[Symbol.asyncDispose]());

  test.skipIf(made === undefined)("have what both sides said, before TLS and in it, and no secret", async () => {
    const directory = join(folder, name, "deep");
    const options = { transcript: directory, tls: made!.of("mx"), allowInsecureAuth: true };
    const served = await runtime.serve("operating", { ...options, timeouts: { authFailureDelay: 0 } });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const plain = await WireClient.connect({ port: served.port });
    await plain.reply();
    await plain.command("EHLO client.test");
    await plain.command("STARTTLS");
    const socket = connectTls({ socket: plain.socket, rejectUnauthorized: false });
    const client = WireClient.over(socket);
    await client.command("EHLO client.test");
    await client.command("AUTH PLAIN AGFsaWNlAHdyb25n");
    await client.command("AUTH LOGIN");
    await client.command("YWxpY2U=");
    expect((await client.command("d29uZGVybGFuZA==")).code).toBe(235);
    await client.command("MAIL FROM:<a@none.test> BODY=8BITMIME");
    await client.command("RCPT TO:<b@example.com>");
    await client.command("DATA");
    client.write("Subject: a secret\r\n\r\nthe content\r\n.\r\n");
    expect((await client.reply()).code).toBe(250);
    await client.command("QUIT");
    await client.closed();
    await served.close();
    const [file = "", ...others] = readdirSync(directory);
    expect(others).toEqual([]);
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    const text = readFileSync(join(directory, file), "utf8");
    for (const secret of ["secret", "content", "AGFs", "YWxp", "d29u", "alice", "wonder"]) {
      expect(text).not.toContain(secret);
    }
    const lines = linesOf(text).filter((line) => !/^S: 250[ -](?!.*(?:Ok|queued))/.test(line));
    expect(
      lines.map((line) =>
        line.replace(/\d{4,5}\b(?=$| to)/, "PORT").replace(/TLS_AES_\w+/, "TLS_AES_SUITE").replace(
          /queued as .*/,
          "queued",
        )
      ),
    ).toEqual([
      `*  session ${file.replace(".txt", "")} from 127.0.0.1:PORT to 127.0.0.1:${served.port}`,
      "S: 220 mx.test ESMTP Postern",
      "C: EHLO client.test",
      "C: STARTTLS",
      "S: 220 2.0.0 Ready to start TLS",
      "*  encrypted by TLSv1.3 with TLS_AES_SUITE",
      "C: EHLO client.test",
      "C: AUTH PLAIN [16 octets of credentials]",
      "S: 535 5.7.8 Authentication credentials invalid",
      "C: AUTH LOGIN",
      "S: 334 [12 octets of challenge]",
      "C: [8 octets of response]",
      "S: 334 [12 octets of challenge]",
      "C: [16 octets of response]",
      "S: 235 2.7.0 Authentication successful",
      "C: MAIL FROM:<a@none.test> BODY=8BITMIME",
      "S: 250 2.1.0 Ok",
      "C: RCPT TO:<b@example.com>",
      "S: 250 2.1.5 Ok",
      "C: DATA",
      "S: 354 End data with <CR><LF>.<CR><LF>",
      "C: [37 octets of message]",
      "S: 250 2.0.0 Ok: queued",
      "C: QUIT",
      "S: 221 2.0.0 Bye",
      "*  the session is over: quit",
    ]);
  });

  test("whose folder has gone harm no session, and a place that cannot be is an error at the start", async () => {
    const directory = join(folder, name, "gone");
    const served = await runtime.serve("operating", { transcript: directory });
    rmSync(directory, { recursive: true });
    // A file in the place of the folder: nothing can be made there.
    writeFileSync(directory, "");
    for (let session = 0; session < 3; session++) {
      const client = await WireClient.connect({ port: served.port });
      await client.reply();
      await client.command("EHLO client.test");
      await client.command("MAIL FROM:<a@none.test>");
      await client.command("RCPT TO:<b@example.com>");
      await client.command("DATA");
      client.write("Subject: x\r\n\r\n.\r\n");
      expect((await client.reply()).code).toBe(250);
      await client.command("QUIT");
      await client.closed();
    }
    await served.close();
    expect(readFileSync(directory, "utf8")).toBe("");
    const serving = runtime.serve("operating", { transcript: directory });
    await expect(serving).rejects.toThrow(`Cannot keep transcripts in ${directory}: it is no directory`);
    rmSync(directory);
  });
});

/** Says lines to an app, one after the other's replies; gives the transcript. */
async function transcriptOf(
  app: Postern,
  say: (client: TestClient) => Promise<unknown>,
  options: ServeOptions = {},
): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  const stream = new WritableStream<Uint8Array>({ write: (bytes) => void (text += decoder.decode(bytes)) });
  const client = new TestClient(app, {
    transcript: () => stream,
    allowInsecureAuth: true,
    timeouts: { authFailureDelay: 0 },
    ...options,
  });
  await client.reply();
  await say(client);
  await client.close();
  return text;
}

function app(): Postern {
  const app = new Postern();
  app.auth(password((user, secret) => user === "alice" && secret === "wonderland"));
  app.auth(cramMd5(() => "wonderland"));
  const stored = scramCredentials("wonderland", { hash: "SHA-256", iterations: 10_000 });
  app.auth(scram(() => stored, { hash: "SHA-256" }));
  app.command("XTICKET", async (c) => {
    await c.var.prompt(reply(334, "", "hunter2?"));
    return c.body(null, 204);
  });
  app.deliver("*", (c) => c.body(null, 204));
  return app;
}

const base64 = "AGFsaWNlAHdvbmRlcmxhbmQ=";

describe("nothing secret is in a transcript", () => {
  test.each<[string, string[], string[]]>([
    ["an initial response", [`AUTH PLAIN ${base64}`], ["C: AUTH PLAIN [24 octets of credentials]"]],
    ["in any spelling", [`  aUtH \tplain   ${base64}`], ["C:   aUtH \\x09plain [24 octets of credentials]"]],
    ["of no mechanism", [`AUTH =${base64}`, "AUTH alice wonderland", "AUTH AGFsaWNlAHdvbmQ", "AUTH GSSAPI"], [
      "C: AUTH [25 octets of credentials]",
      "C: AUTH [16 octets of credentials]",
      "C: AUTH [15 octets of credentials]",
      "C: AUTH GSSAPI",
    ]],
    ["responses", ["AUTH PLAIN", base64], ["C: AUTH PLAIN", "C: [24 octets of response]"]],
    ["a cancelled exchange", ["AUTH LOGIN", "*"], ["C: AUTH LOGIN", "C: *"]],
    ["CRAM-MD5", ["AUTH CRAM-MD5", "YWxpY2UgMDA="], ["C: AUTH CRAM-MD5", "C: [12 octets of response]"]],
    ["SCRAM", ["AUTH SCRAM-SHA-256 biwsbj1hbGljZSxyPWFiYw==", "Yz1iaXdz"], [
      "C: AUTH SCRAM-SHA-256 [24 octets of credentials]",
      "C: [8 octets of response]",
    ]],
    ["what follows a refused AUTH", ["AUTH NONE", "YWxpY2U", "d29uZGVybGFuZA", "MAIL FROM:<a@x.test>", "YWxpY2U"], [
      "C: AUTH [4 octets of credentials]",
      "C: [7 octets not understood]",
      "C: [14 octets not understood]",
      "C: MAIL FROM:<a@x.test>",
      "C: YWxpY2U",
    ]],
    ["what follows a refused DATA", ["DATA", "Subject: wonderland", "help wonderland", "RSET", "HELP me"], [
      "C: DATA",
      "C: [19 octets not understood]",
      "C: [15 octets not understood]",
      "C: RSET",
      "C: HELP me",
    ]],
    ["other protocols' logins", ["LOGIN alice wonderland", "PASS wonderland", "Authorization: Basic x"], [
      "C: LOGIN [16 octets of argument]",
      "C: PASS [10 octets of argument]",
      "C: Auth [18 octets of credentials]",
    ]],
    ["answers to a command's questions", ["XTICKET wonderland", "wonderland"], [
      "C: XTICKET [10 octets of argument]",
      "C: [10 octets of response]",
    ]],
    ["control bytes as themselves", ["NOOP \x1b[31m\x00", "VRFY \u202ex"], [
      "C: NOOP \\x1b[31m\\x00",
      "C: VRFY \\u202ex",
    ]],
    ["lines too long", [`NOOP ${"wonderland".repeat(2000)}`], ["C: [too long]"]],
  ])("%s", async (_, lines, expected) => {
    const text = await transcriptOf(app(), async (client) => {
      await client.command("EHLO client.test");
      for (const line of lines) await client.command(line);
    });
    expect(linesOf(text).filter((line) => line.startsWith("C:") && line !== "C: EHLO client.test")).toEqual(expected);
    expect(text).not.toMatch(/wonderland|alice|AGFs|biws|hunter2/);
    expect(text).not.toMatch(/[^\n\x20-\x7e]/);
  });

  test("messages, in chunks and whole, in one segment with their commands", async () => {
    const text = await transcriptOf(app(), async (client) => {
      await client.command("EHLO client.test");
      client.write(
        "MAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nBDAT 9\r\nSubject: BDAT 13 LAST\r\n hid\r\n\r\nden\r\n",
      );
      for (let replies = 0; replies < 4; replies++) await client.reply();
      client.write("BDAT 3\r\nhidQUIT\r\n");
      await client.closed();
    });
    expect(text).not.toMatch(/hid|den/);
    expect(linesOf(text).filter((line) => line.startsWith("C:")).slice(1)).toEqual([
      "C: MAIL FROM:<a@x.test>",
      "C: RCPT TO:<b@x.test>",
      "C: BDAT 9",
      "C: [9 octets of message]",
      "C: BDAT 13 LAST",
      "C: [13 octets of message]",
      "C: BDAT 3",
      "C: [3 octets of message]",
      "C: QUIT",
    ]);
  });
});

describe("which sessions have one", () => {
  test("says a function; what goes wrong with it, or with its stream, is the session's no harm", async () => {
    const broken = new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error("full")) });
    const locked = new WritableStream<Uint8Array>();
    locked.getWriter();
    const choices: NonNullable<Exclude<ServeOptions["transcript"], string>>[] = [
      () => undefined,
      () => broken,
      () => locked,
      () => {
        throw new Error("no");
      },
      ({ remote }) => remote.address === "192.0.2.1" ? join(folder, "chosen") : undefined,
    ];
    for (const transcript of choices) {
      const client = new TestClient(app(), { transcript, remoteAddress: "192.0.2.1" });
      expect((await client.reply()).code).toBe(220);
      expect((await client.command("NOOP")).code).toBe(250);
      await client.close();
    }
    expect(readdirSync(join(folder, "chosen"))).toHaveLength(1);
    expect(existsSync(join(folder, "other"))).toBe(false);
  });

  test("and none grows past a mebibyte", async () => {
    const text = await transcriptOf(app(), async (client) => {
      await client.command("EHLO client.test");
      for (let at = 0; at < 3000; at++) await client.command(`NOOP ${"x".repeat(490)}`);
    }, { limits: { junkCommands: 1e6 } });
    expect(text.length).toBeLessThan(1024 * 1024 + 200);
    expect(linesOf(text).at(-1)).toBe("*  the transcript is full; the session goes on");
  });
});
