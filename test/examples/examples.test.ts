/** Each example, started by its command on each runtime, and what it says to mail. */

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { sendMail } from "../cli/client.ts";
import { Command, root, run, runtimeNames } from "../cli/command.ts";
import { Program } from "../program.ts";
import { WireClient } from "../wire.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The page that lists them, with the command of each. */
const list = readFileSync(join(root, "examples", "README.md"), "utf8");

/** What is said to the example's server, and heard from it. */
interface Trial {
  readonly flags?: readonly string[];
  readonly env?: Record<string, string>;
  hold(port: number, command: Command): Promise<void>;
}

/** The reply to the message, or the refusal of its recipient. */
async function outcome(port: number, to: string, data?: string): Promise<string | undefined> {
  const replies = await sendMail(port, {
    from: "alice@example.org",
    to: [to],
    ...(data === undefined ? {} : { data }),
  });
  return replies[4]?.startsWith("354") ? replies[5] : replies[3];
}

const headed = (...fields: string[]) => `From: Alice <alice@example.org>\r\n${fields.join("\r\n")}\r\n\r\nHello\r\n`;

const trials: Readonly<Record<string, () => Trial>> = {
  "hello.ts": () => ({
    async hold(port, command) {
      expect(await outcome(port, "hello@example.com", headed("Subject: Hi =?utf-8?q?=1b?="))).toBe(
        "250 2.0.0 Hello to you, too",
      );
      expect(await outcome(port, "else@example.com")).toStartWith("550 5.1.1 ");
      await command.printed(/^"\\"Alice\\" <alice@example\.org>" says: "Hi \\u001b"$/m);
    },
  }),
  "tickets.ts": () => ({
    async hold(port, command) {
      const to = "support@example.com";
      expect(await outcome(port, to, headed("Subject: Broken =?utf-8?q?=1b?="))).toBe("250 2.0.0 This is ticket 1");
      expect(await outcome(port, to, headed("Subject: Torn"))).toBe("250 2.0.0 This is ticket 2");
      expect(await outcome(port, to, headed("Subject: Re: [#1] Broken"))).toBe("250 2.0.0 This is ticket 1");
      expect(await outcome(port, to, headed("Subject: Re: [#9] Lost"))).toBe("550 5.6.0 There is no ticket 9");
      await command.printed(/^ticket 1, "Broken \\u001b": message 2 from "alice@example\.org"$/m);
    },
  }),
  "webhook.ts": () => webhook(),
  "reply-by-mail.ts": () => ({
    env: { REPLY_SECRET: "a secret of this test" },
    async hold(port, command) {
      const [, address = ""] = await command.printed(/conversation 42, write to (\S+)/);
      const answer = `${headed("Subject: Re: Your order")}\x1b[2J\r\n> quoted\r\n`;
      expect(await outcome(port, address.toUpperCase(), answer)).toBe("250 2.0.0 Added to the conversation");
      expect(await outcome(port, address.replace("42-", "43-"))).toBe("550 5.1.1 No such conversation");
      await command.printed(/^conversation 42: "Hello(?:\\r)?\\n\\u001b\[2J"$/m);
    },
  }),
  "submission.ts": () => ({
    flags: ["--allow-insecure-auth"],
    async hold(port, command) {
      const client = await WireClient.connect({ port });
      await client.reply();
      expect((await client.command("EHLO client.test")).raw).toContain("250-AUTH SCRAM-SHA-256 PLAIN LOGIN");
      expect((await client.command("MAIL FROM:<alice@example.com>")).raw).toStartWith("530 5.7.0 ");
      expect((await client.command(`AUTH PLAIN ${btoa("\0alice@example.com\0wrong")}`)).raw).toStartWith("535 5.7.8 ");
      const login = `AUTH PLAIN ${btoa("\0alice@example.com\0wonderland")}`;
      expect((await client.command(login)).raw).toStartWith("235 2.7.0 ");
      expect((await client.command("MAIL FROM:<bob@example.com>")).raw).toStartWith("553 5.7.1 ");
      await client.command("MAIL FROM:<alice@example.com>");
      await client.command("RCPT TO:<anybody@example.net>");
      await client.command("DATA");
      expect((await client.command(`${headed("Subject: Out\x1b")}.`)).raw).toBe("250 2.0.0 On its way");
      client.destroy();
      await command.printed(/^alice@example\.com writes to "anybody@example\.net": "Out\\u001b"$/m);
    },
  }),
  "lmtp.ts": () => ({
    flags: ["--lmtp"],
    async hold(port, command) {
      const client = await WireClient.connect({ port });
      await client.reply();
      await client.command("LHLO mta.test");
      await client.command("MAIL FROM:<alice@example.org>");
      for (const [user, code] of [["alice", 250], ["bob", 250], ["carol", 550]] as const) {
        expect((await client.command(`RCPT TO:<${user}@example.com>`)).code).toBe(code);
      }
      await client.command("DATA");
      expect((await client.command(`${headed("Subject: Both")}.`)).raw).toBe("250 2.0.0 Delivered to alice");
      expect((await client.reply()).raw).toBe("452 4.2.2 bob's mailbox is full");
      client.destroy();
      await command.printed(/^alice has \d+ of 1000000 octets$/m);
    },
  }),
  "multi-tenant.ts": () => ({
    async hold(port, command) {
      expect(await outcome(port, "Info@ACME.example.com")).toBe("250 2.0.0 Taken for Acme Corporation");
      expect(await outcome(port, "info@nobody.example.com")).toBe("550 5.1.2 No such tenant");
      await command.printed(/^Acme Corporation: 1 in the inbox, the latest to "info"$/m);
    },
  }),
  "attachments.ts": () => {
    const directory = mkdtempSync(join(folder, "attachments-"));
    return {
      env: { ATTACHMENTS_DIR: directory },
      async hold(port) {
        expect(await outcome(port, "files@example.com")).toBe("250 2.0.0 1 kept");
        expect(await outcome(port, "files@example.com", headed("Subject: None"))).toStartWith("554 5.6.0 ");
        const [kept = ""] = readdirSync(directory);
        expect(readdirSync(join(directory, kept))).toEqual(["1.pdf"]);
        expect(readFileSync(join(directory, kept, "1.pdf"), "utf8")).toBe("xxx");
      },
    };
  },
  "custom-command.ts": () => ({
    async hold(port) {
      const client = await WireClient.connect({ port });
      await client.reply();
      expect((await client.command("EHLO client.test")).raw).toContain("XTICKET");
      expect((await client.command("XTICKET printer")).raw).toBe("334 What is 6 times 7?");
      expect((await client.command("42")).raw).toEndWith("250 2.0.0 It has the number 1");
      client.destroy();
    },
  }),
};

/** With a web application at the other end. */
function webhook(): Trial {
  const posted: { type: string | undefined; signature: string; body: string }[] = [];
  const application = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { "content-type": type, "webhook-signature": signature } = request.headers;
    posted.push({ type, signature: String(signature), body });
    response.writeHead(200, { "content-type": "text/plain" }).end("Taken");
  }).listen(0, "127.0.0.1");
  const { port: webPort } = application.address() as AddressInfo;
  return {
    env: { WEBHOOK_URL: `http://127.0.0.1:${webPort}/inbound` },
    async hold(port, command) {
      try {
        expect(await outcome(port, "anybody@example.com", headed("Subject: Hi"))).toBe("250 2.0.0 Taken");
        await command.printed(/^anybody@example\.com: \S+ answered 200$/m);
        expect(posted).toHaveLength(1);
        expect(posted[0]).toMatchObject({ type: "application/json", signature: expect.stringMatching(/^v1,/) });
        expect(JSON.parse(posted[0]!.body)).toBeObject();
      } finally {
        application.close();
      }
    },
  };
}

describe.each(runtimeNames)("on %s", (runtime) => {
  for (const [file, trial] of Object.entries(trials)) {
    test(`${file} says what it should`, async () => {
      const { flags = [], env = {}, hold } = trial();
      const row = list.split("\n").find((line) => line.includes(`](${file})`));
      for (const word of [`postern serve ${file}`, ...flags, ...Object.keys(env)]) expect(row).toContain(word);
      const words = ["serve", `examples/${file}`, "--port", "0", "--hostname", "127.0.0.1", ...flags];
      const command = new Command(runtime, words, env);
      try {
        await hold(await command.port(), command);
      } finally {
        const { status, stderr } = await command.stop();
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      }
    }, 90_000);
  }
});

test.each(runtimeNames)("reply-by-mail.ts does not start without a secret on %s", async (runtime) => {
  const { status, stderr } = await run(runtime, ["serve", "examples/reply-by-mail.ts", "--port", "0"], {
    REPLY_SECRET: "",
  });
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining("REPLY_SECRET is not set: ") });
}, 30_000);

test("every example is in the list of examples, and tried", () => {
  const files = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".ts"));
  for (const file of files) expect(list).toContain(`](${file})`);
  // Below, and in test/embed, is the one that is not served by the command.
  expect(Object.keys(trials).sort()).toEqual(files.filter((file) => file !== "embedding.ts").sort());
});

test.each(runtimeNames)("embedding.ts serves itself on %s, by the command of the list", async (runtime) => {
  const [, line = ""] = new RegExp(`\`(${runtime} [^\`]*embedding\\.ts)\``).exec(list)!;
  await using program = new Program(line.split(" "), {
    cwd: join(root, "examples"),
    env: { PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`, HOME: "/tmp", PORT: "0" },
  });
  const [, port] = await program.printed(/^listening on 127\.0\.0\.1:(\d+)$/m);
  expect(await outcome(Number(port), "support@example.com")).toBe("250 2.0.0 Thanks, 127.0.0.1");
}, 90_000);
