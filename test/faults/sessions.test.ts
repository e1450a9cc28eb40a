/** Handlers that fail in every way about a session itself: when it begins, when it says who it is, when it is over. */

import { expect } from "bun:test";
import { serving } from "../conformance/conformance.ts";
import { until } from "../conformance/limits.ts";
import { addressOfFault, faultNames } from "../fixture/faults.ts";
import { WireClient } from "../wire.ts";
import { everywhere, startRuntimes } from "./everywhere.ts";

startRuntimes();

const options = { timeouts: { handler: 300 }, maxConnectionsPerAddress: 1000 };

/** Does it once for each fault, all at a time; what came of each. */
async function forEachFault<T>(ask: (fault: string) => Promise<T>): Promise<readonly [string, T][]> {
  return await Promise.all(faultNames.map(async (fault): Promise<[string, T]> => [fault, await ask(fault)]));
}

/** What was wanted of every fault. */
function all<T>(outcome: T): [string, T][] {
  return faultNames.map((fault) => [fault, outcome]);
}

/** Says its lines one by one, and hears of each. */
async function said(client: WireClient, lines: readonly string[]): Promise<number[]> {
  const codes = [(await client.reply()).code];
  for (const line of lines) codes.push((await client.command(line)).code);
  expect(await client.closed()).toEqual([]);
  client.destroy();
  return codes;
}

everywhere(
  "every fault at the connection is a 451 in place of the greeting, and the client may leave",
  async (subject) => {
    await serving(subject, "faultySessions", options, async (served) => {
      const { port } = served;
      const codes = await forEachFault(async (fault) => {
        const client = await WireClient.connect({ port, localAddress: addressOfFault(fault) });
        return await said(client, ["EHLO c.test", "MAIL FROM:<a@x.test>", "QUIT"]);
      });
      // RFC 5321 section 3.1: whoever was not let in is told so until it says QUIT.
      expect(codes).toEqual(all([451, 503, 503, 221]));
      await until(async () => await served.sessions() === 0);
      const logged = (await subject.runtime.log()).filter((line) => line.includes("connect failed, client was told"));
      expect(logged.length).toBe(faultNames.length);
      expect(await said(await WireClient.connect({ port }), ["EHLO c.test", "QUIT"])).toEqual([220, 250, 221]);
    });
  },
);

everywhere("every fault at EHLO and HELO is a 451, and the client may say it again", async (subject) => {
  await serving(subject, "faultySessions", options, async (served) => {
    const codes = await forEachFault(async (fault) => {
      const lines = [`EHLO ${fault}.helo.test`, "MAIL FROM:<a@x.test>", `HELO ${fault}.helo.test`, "EHLO c.test"];
      return await said(await WireClient.connect({ port: served.port }), [...lines, "MAIL FROM:<a@x.test>", "QUIT"]);
    });
    expect(codes).toEqual(all([220, 451, 503, 451, 250, 250, 221]));
    await until(async () => await served.sessions() === 0);
    const logged = (await subject.runtime.log()).filter((line) => line.includes("helo failed, client was told"));
    expect(logged.length).toBe(2 * faultNames.length);
  });
});

for (const how of ["by QUIT", "by a FIN", "by a reset"] as const) {
  everywhere(`every fault at the end of a session, ${how}, is a line in the log and nothing else`, async (subject) => {
    const { runtime } = subject;
    await serving(subject, "faultySessions", options, async (served) => {
      // The first session may open files that the runtime keeps.
      await said(await WireClient.connect({ port: served.port }), ["EHLO c.test", "QUIT"]);
      await until(async () => await served.sessions() === 0);
      await runtime.log();
      const before = await runtime.files();
      await forEachFault(async (fault) => {
        const client = await WireClient.connect({ port: served.port });
        await client.reply();
        expect((await client.command(`EHLO ${fault}.disconnect.test`)).code).toBe(250);
        if (how === "by QUIT") expect((await client.command("QUIT")).code).toBe(221);
        if (how === "by a FIN") client.end();
        if (how === "by a reset") client.socket.resetAndDestroy();
        expect(await client.closed()).toEqual([]);
        client.destroy();
      });
      await until(async () => await served.sessions() === 0);
      await until(async () => await runtime.files() <= before + 2);
      const logged: string[] = [];
      await until(async () => logged.push(...await runtime.log()) >= faultNames.length);
      // One that was there twice would be there by now: the handler that hangs is the last to be told of.
      logged.push(...await runtime.log());
      expect(logged.filter((line) => !/^error: \w+ disconnect failed: /.test(line))).toEqual([]);
      expect(logged.length).toBe(faultNames.length);
      expect(await said(await WireClient.connect({ port: served.port }), ["EHLO c.test", "QUIT"])).toEqual([
        220,
        250,
        221,
      ]);
    });
  });
}

everywhere("a handler that hangs at the end of a session does not keep the server from stopping", async (subject) => {
  const served = await subject.runtime.serve("faultySessions", { timeouts: { handler: 300_000 } });
  await said(await WireClient.connect({ port: served.port }), ["EHLO hang.disconnect.test", "QUIT"]);
  // Without it this would outlast the test.
  await served.close(100);
});
