/** A real client that sends chunks: Exim uses BDAT by itself where CHUNKING is offered. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as exim from "../clients/exim.ts";
import { Runtime, runtimeNames } from "../runtime.ts";

const there = await exim.available();

/** More than one chunk, with dots, a long line, and letters of eight bits. */
const body = `Subject: chunks\r\n\r\n.\r\n..\r\n${"é".repeat(400)}\r\n${"a line of text\r\n".repeat(20_000)}.end\r\n`;

for (const name of runtimeNames) {
  describe.skipIf(!there)(`Exim to ${name}`, () => {
    let runtime: Runtime;
    beforeAll(async () => {
      runtime = await Runtime.start(name);
    });
    afterAll(async () => await runtime[Symbol.asyncDispose]());

    for (const chunking of [true, false]) {
      test(chunking ? "by BDAT" : "by DATA, because CHUNKING is switched off", async () => {
        const served = await runtime.serve("conformance", { extensions: { chunking } });
        await using queue = await exim.startExim({ relay: { host: "127.0.0.1", port: served.port } });
        await queue.submit({ from: "alice@example.com", to: ["b@y.test", "c@y.test"], data: body });
        // Exim marks deliveries by BDAT with a K.
        await queue.logged(chunking ? /=> b@y\.test.* K C="250 / : /=> b@y\.test (?:(?! K ).)*C="250 /);
        await queue.emptied();
        const delivered = await served.deliveries();
        expect(delivered.map(({ recipient }) => recipient)).toEqual(["b@y.test", "c@y.test"]);
        expect(delivered[0]!.size).toBeGreaterThan(body.length);
        expect(delivered[0]!.content ?? body).toEndWith(body.slice(-1000));
        await served.close(0);
      });
    }
  });
}
