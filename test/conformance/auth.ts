/** Rows about AUTH whose responses have to be worked out. */

import { createHmac } from "node:crypto";
import { describe, expect, test } from "bun:test";
import { answer } from "../sasl/scram-client.ts";
import { WireClient } from "../wire.ts";
import { serving, type Subject } from "./conformance.ts";

const options = { allowInsecureAuth: true, timeouts: { authFailureDelay: 1 } };

export function authRows(subject: Subject): void {
  /** One session that was greeted. */
  async function talking(body: (client: WireClient) => Promise<void>): Promise<void> {
    await serving(subject, "authenticating", options, async (served) => {
      const client = await WireClient.connect({ port: served.port });
      await client.reply();
      await client.command("EHLO c.test");
      await body(client);
      client.destroy();
    });
  }

  describe("AUTH", () => {
    test("114: a response of 12 288 octets is taken, one of 12 289 is not", async () => {
      await talking(async (client) => {
        const longest = base64(`\0alice\0${"p".repeat(12_288 / 4 * 3 - 7)}`);
        expect(longest.length).toBe(12_288);
        await client.command("AUTH PLAIN");
        expect((await client.command(longest)).raw).toStartWith("535 5.7.8");
        expect((await client.command(`AUTH PLAIN ${longest}`)).raw).toStartWith("535 5.7.8");
        await client.command("AUTH PLAIN");
        expect((await client.command(`${longest}A`)).raw).toStartWith("500 5.5.6");
        expect((await client.command(`AUTH PLAIN ${longest}A`)).raw).toStartWith("500 5.5.6");
        expect((await client.command(`AUTH PLAIN ${"A".repeat(200_000)}`)).raw).toStartWith("500 5.5.6");
        expect((await client.command("NOOP")).code).toBe(250);
      });
    });

    test("CRAM-MD5 proves the password", async () => {
      for (const [secret, expected] of [["wonderland", "235 2.7.0"], ["looking-glass", "535 5.7.8"]] as const) {
        await talking(async (client) => {
          const challenge = text((await client.command("AUTH CRAM-MD5")).raw);
          const digest = createHmac("md5", secret).update(challenge).digest("hex");
          expect((await client.command(base64(`alice ${digest}`))).raw).toStartWith(expected);
        });
      }
    });

    for (const hash of ["sha1", "sha256"] as const) {
      test(`119: SCRAM with ${hash}, a wrong password, nobody, and a tampered nonce`, async () => {
        const attempts: readonly [string, string, string | undefined, string][] = [
          ["alice", "wonderland", undefined, "235 2.7.0"],
          ["alice", "looking-glass", undefined, "535 5.7.8"],
          ["nobody", "wonderland", undefined, "535 5.7.8"],
          ["alice", "wonderland", "somebody+else", "535 5.7.8"],
        ];
        const mechanism = hash === "sha1" ? "SCRAM-SHA-1" : "SCRAM-SHA-256";
        for (const [user, password, nonce, expected] of attempts) {
          await talking(async (client) => {
            const firstBare = `n=${user},r=fyko+d2lbbFgONRv9qkxdawL`;
            const first = await client.command(`AUTH ${mechanism} ${base64(`n,,${firstBare}`)}`);
            const shown = text(first.raw).replace(/i=\d{6,}$/, "i=10000");
            const given = { hash, password, gs2Header: "n,,", firstBare, ...(nonce === undefined ? {} : { nonce }) };
            const { final, verifier } = answer(given, shown);
            let reply = await client.command(base64(final));
            if (reply.code === 334) {
              expect(text(reply.raw)).toBe(verifier);
              reply = await client.command("");
            }
            expect(reply.raw).toStartWith(expected);
          });
        }
      });
    }

    test("117: failures from one address are counted over sessions", async () => {
      const limits = { authFailuresPerAddress: 2 };
      await serving(subject, "authenticating", { ...options, limits }, async (served) => {
        for (const expected of ["535 5.7.8", "421 4.7.0", "421 4.7.0"]) {
          const client = await WireClient.connect({ port: served.port });
          await client.reply();
          await client.command("EHLO c.test");
          expect((await client.command(`AUTH PLAIN ${base64("\0alice\0x")}`)).raw).toStartWith(expected);
          client.destroy();
        }
      });
    });

    test("117: a client that hangs up during the delay frees its session", async () => {
      await serving(
        subject,
        "authenticating",
        { ...options, timeouts: { authFailureDelay: 60_000 } },
        async (served) => {
          const client = await WireClient.connect({ port: served.port });
          await client.reply();
          await client.command("EHLO c.test");
          client.write(`AUTH PLAIN ${base64("\0alice\0x")}\r\n`);
          client.end();
          while (await served.sessions() > 0) await Bun.sleep(10);
          expect((await client.closed()).map(({ code }) => code)).toEqual([535]);
        },
      );
    });
  });
}

function base64(text: string): string {
  return btoa(text);
}

/** The text of a challenge. */
function text(reply: string): string {
  expect(reply).toStartWith("334 ");
  return atob(reply.slice(4).trim());
}
