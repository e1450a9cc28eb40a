/** One address for IPv6 and IPv4: who comes by either has an address of its own kind. */

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { WireClient } from "../wire.ts";
import { Command, runtimeNames } from "./command.ts";

// Some containers have no IPv6.
describe.skipIf(!existsSync("/proc/net/if_inet6")).each(runtimeNames)("--hostname :: on %s", (runtime) => {
  test("takes connections by IPv6 and IPv4, and logs each with the address of its kind", async () => {
    const command = new Command(runtime, ["serve", "examples/hello.ts", "--port", "0", "--hostname", "::"]);
    try {
      const port = await command.port();
      for (const host of ["127.0.0.1", "::1"]) {
        const client = await WireClient.connect({ host, port });
        await client.reply();
        await client.command("EHLO client.test");
        await client.command("QUIT");
        await command.printed(new RegExp(` session \\S+ client=${host.replaceAll(".", "\\.")} `));
        client.destroy();
      }
    } finally {
      expect((await command.stop()).status).toBe(0);
    }
  }, 60_000);
});
