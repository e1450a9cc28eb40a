/** Limits that are for all workers together: the total of connections, and the spool's budgets. */

import { describe, expect, test } from "bun:test";
import { Command, type RuntimeName, runtimeNames } from "../cli/command.ts";
import { WireClient } from "../wire.ts";
import { type Greeted, greetedBy, pidIn, quit } from "./client.ts";

/** Two workers, and where they are. */
async function start(runtime: RuntimeName, words: readonly string[]) {
  const where = ["--hostname", "127.0.0.1", "--port", "0", "--workers", "2"];
  const command = new Command(runtime, ["serve", "test/workers/app.js", ...where, ...words]);
  const port = await command.port();
  const pids = [...command.stdout.matchAll(/worker \d is ready, pid (\d+)/g)].map(([, pid]) => Number(pid));
  return { command, port, pids };
}

/** Each client comes from an address of its own: Linux has all of 127.0.0.0/8. */
let clients = 0;

async function connected(port: number): Promise<Greeted> {
  const client = await WireClient.connect({ port, localAddress: `127.0.2.${1 + clients++ % 250}` });
  return { client, greeting: await client.reply() };
}

/** Opens sessions until there are so many. Places of those that ended a moment ago may still be taken. */
async function fill(open: Greeted[], count: number, port: number): Promise<void> {
  while (open.length < count) {
    const session = await connected(port);
    if (session.greeting.code === 220) open.push(session);
    else await session.client.closed();
  }
}

/** Nobody is let in, whichever worker it comes to. */
async function expectFull(port: number): Promise<void> {
  for (let attempt = 0; attempt < 12; attempt++) {
    const surplus = await connected(port);
    expect(surplus.greeting.raw).toStartWith("421 4.7.0 ");
    await surplus.client.closed();
  }
}

const octets = 200 * 1024;
const text = `Subject: large\r\n\r\n${`${"x".repeat(78)}\r\n`.repeat(octets / 80)}`;

/** As much of a message as there is but for its end; what is said when all of it has come. */
async function chunk(session: Greeted): Promise<string> {
  for (const line of ["EHLO client.test", "MAIL FROM:<sender@example.org>", "RCPT TO:<alice@example.com>"]) {
    expect((await session.client.command(line)).code).toBe(250);
  }
  return (await session.client.command(`BDAT ${text.length}\r\n${text.slice(0, -2)}`)).raw;
}

describe.each(runtimeNames)("%s", (runtime) => {
  test("the limit of all connections holds for clients from anywhere, and for a worker that is replaced", async () => {
    const { command, port, pids } = await start(runtime, ["--max-connections", "6"]);
    const [killed = 0, kept = 0] = pids;
    const open = [await greetedBy(port, killed), await greetedBy(port, kept)];
    await fill(open, 6, port);
    await expectFull(port);
    process.kill(killed, "SIGKILL");
    const [, replacement] = await command.printed(/ended with SIGKILL[^]*worker \d is ready, pid (\d+)/);
    const left = open.filter(({ greeting }) => pidIn(greeting) === kept);
    expect(left.length).toBeLessThan(6);
    // Its connections' places are free again, to the new one as well; those of the other are not.
    const again = [await greetedBy(port, Number(replacement))];
    await fill(again, 6 - left.length, port);
    await expectFull(port);
    for (const each of [...left, ...again]) await quit(each);
    // Nothing was counted that is not there any more.
    const last: Greeted[] = [];
    await fill(last, 6, port);
    for (const each of last) await quit(each);
    const { status, stderr } = await command.stop();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  }, 60_000);

  const budgets: readonly [string, readonly string[]][] = [
    ["memory", ["--memory-budget", `${3 * octets}`, "--disk-budget", "1"]],
    ["disk", ["--memory-per-message", "1000", "--disk-budget", `${3 * octets}`]],
  ];
  test.each(budgets)("each worker has half of the budget of %s", async (_, words) => {
    const { command, port, pids } = await start(runtime, words);
    const open: Greeted[] = [];
    for (const pid of pids) {
      // One and a half of these fit into a half, and two into the whole.
      const first = await greetedBy(port, pid);
      expect(await chunk(first)).toStartWith("250 ");
      const second = await greetedBy(port, pid);
      expect(await chunk(second)).toStartWith("452 4.3.1 ");
      await quit(second);
      // The first one still has its room while the other worker is asked, which has as much.
      open.push(first);
    }
    for (const [index, first] of open.entries()) {
      expect((await first.client.command("BDAT 0 LAST")).raw).toStartWith(`250 2.0.0 pid ${pids[index]}`);
      await quit(first);
      const next = await greetedBy(port, pids[index]!);
      expect(await chunk(next)).toStartWith("250 ");
      await quit(next);
    }
    expect((await command.stop()).status).toBe(0);
  }, 60_000);
});
