/** The runtime-neutral half of serve(). */

import { expect, test } from "bun:test";
import { type Listen, start } from "../src/server.ts";
import { MemorySocket } from "../src/testing/memorysocket.ts";

test("who came to the first listener before the last one failed is not served", async () => {
  let delivered = 0;
  const app = () => {
    delivered++;
    return new Response(null, { status: 204 });
  };
  let said = "";
  const client = new MemorySocket((bytes) => said += bytes === null ? "(end)" : new TextDecoder().decode(bytes));
  const listen: Listen = async ({ port, hostname }, accept) => {
    if (port === 1) throw new Error("That port is taken");
    accept(client);
    while (!said.includes("220 ")) await Bun.sleep(1);
    return { port: 25, hostname, close() {} };
  };
  await expect(start(app, { listeners: [{ port: 25 }, { port: 1 }] }, listen)).rejects.toThrow("That port is taken");
  expect(said).toMatch(/^220 .*\r\n421 4\.3\.2 .*\r\n\(end\)$/);
  const asked = delivered;
  client.receive(new TextEncoder().encode("EHLO c.test\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n"));
  await Bun.sleep(10);
  expect(delivered).toBe(asked);
});
