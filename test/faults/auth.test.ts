/** Part F of the conformance table, row 123: handlers of AUTH that fail in every way. */

import { expect } from "bun:test";
import { createHmac } from "node:crypto";
import { serving } from "../conformance/conformance.ts";
import { until } from "../conformance/limits.ts";
import { faultNames } from "../fixture/faults.ts";
import { WireClient } from "../wire.ts";
import { everywhere, startRuntimes } from "./everywhere.ts";

startRuntimes();

const options = {
  allowInsecureAuth: true,
  timeouts: { handler: 800, authFailureDelay: 1 },
  limits: { authFailures: 1000, authFailuresPerAddress: 1000 },
  maxConnectionsPerAddress: 1000,
};

/** What is said for a mechanism, up to the reply that is neither a challenge nor a question. */
const attempts: Readonly<Record<string, (client: WireClient, user: string) => Promise<string>>> = {
  PLAIN: async (client, user) => (await client.command(`AUTH PLAIN ${btoa(`\0${user}\0wonderland`)}`)).raw,
  LOGIN: async (client, user) => {
    await client.command("AUTH LOGIN");
    await client.command(btoa(user));
    return (await client.command(btoa("wonderland"))).raw;
  },
  "CRAM-MD5": async (client, user) => {
    const challenge = (await client.command("AUTH CRAM-MD5")).raw.slice(4).trim();
    const digest = createHmac("md5", "wonderland").update(atob(challenge)).digest("hex");
    return (await client.command(btoa(`${user} ${digest}`))).raw;
  },
  "SCRAM-SHA-256": async (client, user) => {
    const { raw } = await client.command(`AUTH SCRAM-SHA-256 ${btoa(`n,,n=${user},r=abc`)}`);
    return raw.startsWith("334") ? (await client.command(btoa("c=biws,r=abc,p=YWJj"))).raw : raw;
  },
};

/**
 * What the function that looks a user up gives back, though it is nothing that it may: nobody's password. CRAM-MD5 uses
 * a password as it is, so that one of another type is a fault like the others.
 */
const refused =
  /^(?:nothing|next-twice) by CRAM-MD5$|^(?:number|nothing|object|body-.*|next-twice|redirect|bad-header) by (?:LOGIN|SCRAM.*)$/;

everywhere("123: every fault at AUTH is one 454, lets nobody in, and the session goes on", async (subject) => {
  await serving(subject, "faultySessions", options, async (served) => {
    await subject.runtime.log();
    const seen: Record<string, string> = {};
    await Promise.all(faultNames.map(async (fault) => {
      const client = await WireClient.connect({ port: served.port });
      await client.reply();
      await client.command("EHLO c.test");
      for (const [mechanism, attempt] of Object.entries(attempts)) {
        seen[`${fault} by ${mechanism}`] = (await attempt(client, fault)).slice(0, 9);
        expect((await client.command("NOOP")).code).toBe(250);
      }
      client.write("QUIT\r\n");
      expect((await client.closed()).map(({ code }) => code)).toEqual([221]);
      client.destroy();
    }));
    const names = faultNames.flatMap((fault) => Object.keys(attempts).map((mechanism) => `${fault} by ${mechanism}`));
    const wanted = names.map((name) => [name, refused.test(name) ? "535 5.7.8" : "454 4.7.0"]);
    expect(seen).toEqual(Object.fromEntries(wanted));
    await until(async () => await served.sessions() === 0);
    // Each fault is in the log once, and a refusal is none.
    const logged = (await subject.runtime.log()).filter((line) => line.includes("auth failed, client was told 454"));
    expect(logged.length).toBe(names.filter((name) => !refused.test(name)).length);
  });
});
