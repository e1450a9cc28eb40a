/** Only where the platform has no connections of its own does its fetch take their place. */

import { expect, test } from "bun:test";
import * as http from "node:http";
import { openTransport } from "../../src/forward/opening.ts";
import { PrivateAddressError } from "../../src/forward/private.ts";
import * as sockets from "../../src/forward/sockets.ts";
import type { OutgoingRequest } from "../../src/forward/transport.ts";

const options = { connections: 1, allowPrivate: false };
const outgoing: OutgoingRequest = {
  // What a name, or a redirect, may lead to.
  url: new URL("http://127.0.0.1:9/"),
  headers: new Headers(),
  body: { headers: {}, size: 0, async *read() {} },
  signal: new AbortController().signal,
};
const there = { http: () => Promise.resolve(http), sockets: () => Promise.resolve(sockets) };

test("a module that cannot be loaded is an error, and no way around the look at addresses", async () => {
  const failing = { ...there, sockets: () => Promise.reject(new Error("too many open files")) };
  await expect(openTransport(options, failing)).rejects.toThrow("too many open files");
  const transport = await openTransport(options, there);
  await expect(transport(outgoing)).rejects.toBeInstanceOf(PrivateAddressError);
});

test.each([
  ["is not there", () => Promise.reject(new Error('No such module "node:http"'))],
  ["is an empty stand-in", () => Promise.resolve({})],
])("where node:http %s, the platform's fetch is asked", async (_, http) => {
  const unwanted = () => Promise.reject(new Error("asked for"));
  const original = globalThis.fetch;
  globalThis.fetch = (() => Promise.resolve(new Response("Taken", { status: 202 }))) as unknown as typeof fetch;
  try {
    const transport = await openTransport(options, { http, sockets: unwanted });
    expect(await transport(outgoing)).toMatchObject({ status: 202, text: "Taken" });
  } finally {
    globalThis.fetch = original;
  }
});
