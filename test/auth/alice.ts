/** Alice, who may log in by every mechanism. */

import { afterEach } from "bun:test";
import { cramMd5, external, password, Postern, scram, scramCredentials, type ServeOptions } from "./postern.ts";
import { base64, type Circumstances, type Client, type MemoryServer, serve } from "./wire.ts";

const credentials = {
  "SHA-256": await scramCredentials("wonderland", { hash: "SHA-256", iterations: 10_000 }),
  "SHA-1": await scramCredentials("wonderland", { hash: "SHA-1", iterations: 10_000 }),
};
export const good: string = base64("\0alice\0wonderland");
export const bad: string = base64("\0alice\0looking-glass");

export function app(): Postern {
  const app = new Postern();
  app.auth(password((user, secret) => user === "alice" && secret === "wonderland"));
  app.auth(scram((user) => user === "alice" ? credentials["SHA-256"] : undefined));
  app.auth(scram((user) => user === "alice" ? credentials["SHA-1"] : undefined, { hash: "SHA-1" }));
  app.auth(cramMd5((user) => user === "alice" ? "wonderland" : undefined));
  app.auth(external((certificate) => certificate.subject === "CN=alice" ? "alice" : undefined));
  app.auth(
    ["OAUTHBEARER", "XOAUTH2"],
    (c) => c.body(null, c.req.header("authorization") === "Bearer t0ken" ? 204 : 401),
  );
  app.deliver("*", (c) => c.body(null, 204));
  return app;
}

const servers: MemoryServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close({ grace: 0 })));
});

export async function started(given: Postern = app(), options: ServeOptions = {}): Promise<MemoryServer> {
  const server = await serve(given, options);
  servers.push(server);
  return server;
}

export async function connected(
  given: Postern = app(),
  options: ServeOptions = {},
  circumstances: Circumstances = {},
): Promise<Client> {
  return (await started(given, options)).connect(circumstances);
}

/** The code, and the enhanced code where there is one. */
export function codes(text: string): string {
  return /^\d{3}(?: \d\.\d+\.\d+)?/.exec(text)?.[0] ?? text;
}

export const secure = { allowInsecureAuth: false };
