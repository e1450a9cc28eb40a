/** HTTP beside workers: one page for all of them. */

import { describe, expect, test } from "bun:test";
import { Command, runtimeNames } from "../cli/command.ts";
import { deliver, greetedBy } from "./client.ts";

describe.each(runtimeNames)("%s", (runtime) => {
  test("the parent tells the sums of its workers, and that they drain", async () => {
    const words = ["--port", "0", "--workers", "2", "--http-port", "0", "--grace", "20"];
    const command = new Command(runtime, ["serve", "test/workers/app.js", ...words]);
    const port = await command.port();
    const [, where] = await command.printed(/HTTP on (http:\S+)\/ /);
    const pids = [...command.stdout.matchAll(/worker \d is ready, pid (\d+)/g)].map(([, pid]) => Number(pid));
    for (const pid of pids) await deliver(await greetedBy(port, pid), "alice");
    const finish = await deliver(await greetedBy(port, pids[1]!), "bob", "halfway");

    expect(await page(`${where}/readyz`)).toEqual([200, "ok\n"]);
    expect(await page(`${where}/own`)).toEqual([200, "the app's own"]);
    const [status, metrics] = await page(`${where}/metrics`);
    expect(status).toBe(200);
    const lines = metrics.split("\n");
    expect(lines).toContain('postern_messages_total{outcome="accepted"} 2');
    expect(lines).toContain("postern_message_size_bytes_count 2");
    expect(lines).toContain("postern_connections 1");
    expect(lines.find((line) => line.startsWith("postern_info{"))).toEndWith("} 1");

    command.child.kill("SIGTERM");
    await command.printed(/SIGTERM: stopping/);
    expect(await page(`${where}/healthz`)).toEqual([503, "draining\n"]);
    expect(await finish()).toStartWith("250 2.0.0 ");
    expect((await command.ended).status).toBe(0);
  }, 60_000);

  test("what was counted stays, though a worker is silent or gone", async () => {
    const words = ["--port", "0", "--workers", "2", "--http-port", "0", "--hostname", "127.0.0.1"];
    const command = new Command(runtime, ["serve", "test/workers/app.js", ...words]);
    const port = await command.port();
    const [, where] = await command.printed(/HTTP on (http:\S+)\/ /);
    const [one = 0, other = 0] = [...command.stdout.matchAll(/is ready, pid (\d+)/g)].map(([, pid]) => Number(pid));
    for (const pid of [one, other]) await deliver(await greetedBy(port, pid), "alice");
    const lines = async () => (await page(`${where}/metrics`))[1].split("\n");
    const accepted = 'postern_messages_total{outcome="accepted"} 2';
    const buckets = 'postern_message_size_bytes_bucket{le="+Inf"} 2';
    expect(await lines()).toEqual(expect.arrayContaining([accepted, 'postern_workers{state="answered"} 2']));

    process.kill(one, "SIGSTOP");
    const silent = ['postern_workers{state="answered"} 1', 'postern_workers{state="silent"} 1'];
    expect(await lines()).toEqual(expect.arrayContaining([accepted, buckets, ...silent]));
    process.kill(one, "SIGKILL");
    await command.printed(/ended with SIGKILL[^]*worker \d is ready/);
    const found = await lines();
    expect(found).toEqual(expect.arrayContaining([accepted, buckets, 'postern_workers{state="answered"} 2']));
    expect(found.filter((line) => /^postern_connections |^postern_info/.test(line))).toHaveLength(2);
    expect((await command.stop()).status).toBe(0);
  }, 60_000);
});

/** Status and text. */
async function page(url: string): Promise<[number, string]> {
  const response = await fetch(url);
  return [response.status, await response.text()];
}
