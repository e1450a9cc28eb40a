/** Every case through the engine without a socket, cut in every regular way: the cut must not show. */

import { describe, expect, test } from "bun:test";
import { TestClient } from "postern/testing";
import { hold } from "../../src/testing/dialogue.ts";
import { apps, type Deliveries } from "../fixture/apps.ts";
import { compareDelivered, readCases } from "./cases.ts";

for (const size of [Infinity, 1, 2, 3]) {
  describe(size === Infinity ? "in memory, whole" : `in memory, in segments of ${size}`, () => {
    for (const { title, app, options, isCut, script, delivered } of readCases()) {
      if (isCut && size !== Infinity) continue;
      test(title, async () => {
        const deliveries: Deliveries = [];
        const client = new TestClient(apps[app](deliveries), options);
        const write = client.write.bind(client);
        client.write = (data) => {
          const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
          for (let at = 0; at < bytes.length; at += size) write(bytes.slice(at, at + Math.min(size, bytes.length)));
        };
        await hold(client, script);
        await client.close();
        const [wanted, seen] = compareDelivered(delivered, deliveries);
        expect(seen).toEqual(wanted);
      });
    }
  });
}
