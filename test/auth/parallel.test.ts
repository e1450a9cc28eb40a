/** Guessing on many connections at the same time finds out no more than guessing on one. */

import { afterEach, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { cramMd5, password, Postern } from "./postern.ts";
import { base64, challengeOf, type Client, type MemoryServer, serve } from "./wire.ts";

const servers: MemoryServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close({ grace: 0 })));
});

/** What a client says to try a secret, after all that it has to say before. */
const mechanisms: Record<string, (client: Client) => Promise<(secret: string) => string>> = {
  "PLAIN": () => Promise.resolve((secret) => `AUTH PLAIN ${base64(`\0alice\0${secret}`)}`),
  "LOGIN": async (client) => {
    await client.ask(`AUTH LOGIN ${base64("alice")}`);
    return base64;
  },
  "CRAM-MD5": async (client) => {
    const challenge = challengeOf(await client.ask("AUTH CRAM-MD5"));
    return (secret) => base64(`alice ${createHmac("md5", secret).update(challenge).digest("hex")}`);
  },
};

/** What all say who try a secret each, and how often the application was asked, which takes its time. */
async function attempt(
  mechanism: string,
  secrets: readonly string[],
  think: () => Promise<unknown>,
): Promise<{ asked: number; codes: Record<string, number> }> {
  let asked = 0;
  const app = new Postern();
  app.auth(password(async (_, secret) => {
    asked++;
    await think();
    return secret === "wonderland";
  }));
  app.auth(cramMd5(async () => {
    asked++;
    await think();
    return "wonderland";
  }));
  const server = await serve(app, { limits: { authFailuresPerAddress: 30 } });
  servers.push(server);
  const clients = await Promise.all(secrets.map(() => server.connect()));
  const sayings = await Promise.all(clients.map((client) => mechanisms[mechanism]!(client)));
  const answers = await Promise.all(clients.map((client, at) => client.ask(sayings[at]!(secrets[at]!))));
  const codes: Record<string, number> = {};
  for (const answer of answers) codes[answer.slice(0, 3)] = (codes[answer.slice(0, 3)] ?? 0) + 1;
  return { asked, codes };
}

const thinking: readonly [string, () => Promise<unknown>][] = [
  ["at once", () => Promise.resolve()],
  ["after a while", () => Bun.sleep(5)],
  ["now or then", () => Bun.sleep(Math.random() * 10)],
];
const cases = Object.keys(mechanisms).flatMap((name) => thinking.map(([when, think]) => [name, when, think] as const));

test.each(cases)("of 50 guesses by %s that are judged %s, 30 are looked at", async (mechanism, _, think) => {
  const wrong = Array.from({ length: 49 }, (_, at) => `guess ${at}`);
  const { asked, codes } = await attempt(mechanism, [...wrong, "wonderland"], think);
  expect(asked).toBe(30);
  // How many hear 535 before all are told that it is over is a matter of moments.
  expect(Object.keys(codes).filter((code) => code !== "535")).toEqual(["421"]);
});

test.each(cases)("of 50 who are right by %s, and told so %s, all are let in", async (mechanism, _, think) => {
  const { asked, codes } = await attempt(mechanism, Array(50).fill("wonderland"), think);
  expect([asked, codes]).toEqual([50, { 235: 50 }]);
});

test("who waits for a turn and hangs up is not waited for, nor looked at", async () => {
  let asked = 0;
  let answer = (): void => {};
  const answered = new Promise<void>((resolve) => answer = resolve);
  const app = new Postern().auth(password(async () => {
    asked++;
    await answered;
    return false;
  }));
  const server = await serve(app, { limits: { authFailuresPerAddress: 1 } });
  servers.push(server);
  const [first, second] = [await server.connect(), await server.connect()];
  for (const client of [first, second]) client.send(`AUTH PLAIN ${base64("\0alice\0guess")}\r\n`);
  second.hangUp();
  while (server.sessions.length > 1) await Bun.sleep(1);
  answer();
  expect(await first.reply()).toStartWith("421 ");
  expect(asked).toBe(1);
});
