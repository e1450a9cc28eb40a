/**
 * A server that is killed under the load of a real Postfix, and started again: each message arrives. One may arrive
 * twice, when the server was killed between the handler's taking it and Postfix's hearing so: SMTP has no way around it
 * (RFC 1047; RFC 5321 section 6.1 asks to keep that time short).
 */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Command } from "../cli/command.ts";
import * as postfix from "../clients/postfix.ts";
import { freePort, listening, scratch } from "../clients/scratch.ts";
import { load } from "../clients/smtp_source.ts";
import { runtimeNames } from "../runtime.ts";

const messages = 300;
/** How many connections Postfix has at a time: each may have one message whose reply it did not hear. */
const connections = 10;

const there = await postfix.available();

test.skipIf(!there).concurrent.each(runtimeNames)(
  "%s, killed twice while Postfix sends: nothing is lost",
  async (runtime) => {
    await using folder = await scratch("killed");
    const taken = folder.file("taken");
    const [relay, listen] = [await freePort(), await freePort()];
    const ids = (): string[] => {
      try {
        return readFileSync(taken, "utf8").trim().split("\n");
      } catch {
        return [];
      }
    };
    await using queue = await postfix.startPostfix({
      relay: { host: "127.0.0.1", port: relay },
      listen,
      settings: {
        default_destination_concurrency_limit: `${connections}`,
        // It starts with as many, and does not take a destination for dead whose server is only being started.
        initial_destination_concurrency: `${connections}`,
        default_destination_concurrency_failed_cohort_limit: "0",
      },
    });
    await listening(listen);
    const filled = await load({ host: "127.0.0.1", port: listen }, {
      from: "a@x.test",
      to: "brief@y.test",
      sessions: 4,
      messages,
      bytes: 2000,
    });
    expect(filled.code).toBe(0);
    const serve = async (): Promise<Command> => {
      const words = [
        "serve",
        "test/faults/app.ts",
        "--port",
        `${relay}`,
        "--hostname",
        "127.0.0.1",
        "--log-level",
        "error",
      ];
      const command = new Command(runtime, words, { TAKEN: taken });
      await command.printed(/listening on/);
      return command;
    };
    let doubled = 0;
    for (const [round, enough] of [messages / 6, messages / 2].entries()) {
      const command = await serve();
      await queue.flush();
      while (ids().length < enough) await new Promise((resolve) => setTimeout(resolve, 5));
      command.child.kill("SIGKILL");
      await command.ended;
      doubled = ids().length - new Set(ids()).size;
      // What was taken twice by now was in the air at an earlier end.
      expect(doubled).toBeLessThanOrEqual(round * connections);
    }
    const last = await serve();
    await queue.flush();
    await queue.emptied();
    expect((await last.stop()).status).toBe(0);
    const all = ids();
    expect(new Set(all).size).toBe(messages);
    doubled = all.length - messages;
    console.log(`${runtime}: ${messages} messages, killed twice, ${doubled} of them arrived twice`);
    expect(doubled).toBeLessThanOrEqual(2 * connections);
  },
  120_000,
);
