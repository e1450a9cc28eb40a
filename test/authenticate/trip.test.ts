/** A message signed elsewhere, through socket, spool and trace fields of each runtime. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { stuffed } from "../../src/testing/send.ts";
import type { ScriptedServer } from "../dns/server.ts";
import { Runtime, runtimeNames, type Served } from "../runtime.ts";
import { WireClient } from "../wire.ts";
import { absent, canSign, keyServer, makeKeys, type Signed, signedMessages } from "./dkimpy.ts";

const isSigning = canSign();
if (!isSigning) console.log(absent);

interface Report {
  readonly dkim: readonly { readonly result: string; readonly algorithm: string; readonly reason?: string }[];
  readonly dmarc: string;
  readonly field: string;
}

describe.skipIf(!isSigning)("a message signed by python3-dkim", () => {
  let messages: Signed[] = [];
  let dns: ScriptedServer;

  beforeAll(async () => {
    const keys = makeKeys();
    messages = signedMessages(keys);
    dns = await keyServer(keys);
  }, 60_000);
  afterAll(async () => await dns.close());

  async function send(served: Served, message: Uint8Array): Promise<Report> {
    const client = await WireClient.connect({ port: served.port });
    try {
      await client.reply();
      for (const line of ["EHLO c.test", "MAIL FROM:<a@elsewhere.test> BODY=8BITMIME", "RCPT TO:<b@y.test>"]) {
        expect((await client.command(line)).code).toBe(250);
      }
      expect((await client.command("DATA")).code).toBe(354);
      client.write(stuffed(message));
      expect((await client.reply()).raw).toStartWith("250 ");
    } finally {
      client.destroy();
    }
    const [delivered] = await served.deliveries();
    return JSON.parse(delivered!.content!);
  }

  test.each(runtimeNames)("verifies on %s in memory and from a file, and not with one octet changed", async (name) => {
    await using runtime = await Runtime.start(name);
    for (const memoryPerMessage of [1 << 20, 4096]) {
      const served = await runtime.serve("verifying", {
        env: { dns: dns.address },
        spool: { memoryPerMessage },
      });
      for (const { name: signed, message, algorithm } of messages) {
        const { dkim, dmarc, field } = await send(served, message);
        expect([signed, dkim.map(({ result, reason }) => reason ?? result)]).toEqual([signed, ["pass"]]);
        expect(dkim[0]!.algorithm).toBe(algorithm);
        expect(dmarc).toBe("pass");
        expect(field).toStartWith("mx.test;");
        const changed = Buffer.from(message);
        const at = changed.indexOf("größer");
        changed[at] = "G".charCodeAt(0);
        const report = await send(served, changed);
        expect([signed, report.dkim[0]!.result]).toEqual([signed, "fail"]);
        expect(report.dmarc).toBe("fail");
      }
      await served.close(0);
    }
  }, 120_000);
});
