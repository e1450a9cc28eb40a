/** The checks that ask the DNS, on each runtime, over real sockets and a real DNS answer. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import type packet from "dns-packet";
import { type ScriptedServer, scriptedServer } from "../dns/server.ts";
import { Runtime, runtimeNames } from "../runtime.ts";
import { WireClient } from "../wire.ts";

const zone: Readonly<Record<string, unknown>> = {
  "PTR 1.0.0.127.in-addr.arpa": "client.test",
  "A client.test": "127.0.0.1",
  "A 1.0.0.127.bl.test": "127.0.0.2",
  "TXT 1.0.0.127.bl.test": ["a reason"],
  "TXT pass.test": ["v=spf1 ip4:127.0.0.1 -all"],
  "MX pass.test": { preference: 5, exchange: "mx.pass.test" },
  "TXT fail.test": ["v=spf1 -all"],
  "TXT null.test": ["v=spf1 +all"],
  "MX null.test": { preference: 0, exchange: "." },
};

let dns: ScriptedServer;
beforeAll(async () => {
  dns = await scriptedServer(({ name, type }) => {
    const data = zone[`${type} ${name.toLowerCase()}`];
    if (data === undefined) return {};
    return { answers: [{ type, name, class: "IN", ttl: 60, data } as packet.Answer] };
  });
});
afterAll(async () => await dns.close());

test.each(runtimeNames)("on %s they find the same", async (name) => {
  await using runtime = await Runtime.start(name);
  const served = await runtime.serve("guarded", { env: { dns: dns.address } });
  const client = await WireClient.connect({ port: served.port });
  const early = await WireClient.connect({ port: served.port });
  early.write("EHLO early.test\r\n");
  expect((await early.reply()).raw).toStartWith("554 5.5.0 ");
  expect((await client.reply()).code).toBe(220);
  const said: string[] = [];
  for (const line of ["EHLO c.test", "MAIL FROM:<a@fail.test>", "MAIL FROM:<a@null.test>", "MAIL FROM:<a@pass.test>"]) {
    said.push((await client.command(line)).raw.split(" ", 2).join(" "));
  }
  expect(said.slice(1)).toEqual(["550 5.7.23", "550 5.7.27", "250 2.1.0"]);
  await client.command("RCPT TO:<b@y.test>");
  await client.command("DATA");
  expect((await client.command("Subject: x\r\n\r\nx\r\n.")).code).toBe(250);
  client.destroy();
  const [delivered] = await served.deliveries();
  const { field, ...found } = JSON.parse(delivered!.content!);
  expect(found).toEqual({
    spf: "pass",
    mailable: { status: "mailable", via: "mx", exchanges: [{ preference: 5, exchange: "mx.pass.test" }] },
    dnsbl: [{ zone: "bl.test", codes: ["127.0.0.2"], score: 1, text: "a reason" }],
    fcrdns: { status: "pass", name: "client.test" },
  });
  expect(field).toStartWith("pass (mx.test: pass.test designates 127.0.0.1 as permitted sender)");
  await served.close(0);
}, 30_000);
