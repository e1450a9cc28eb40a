/** Part F of the conformance table, row 119: SCRAM on the wire. */

import { describe, expect, test } from "bun:test";
import { answer } from "../sasl/scram-client.ts";
import { app, codes, connected, secure } from "./alice.ts";
import { base64, challengeOf, type Circumstances, type Client, tls } from "./wire.ts";

describe("row 119", () => {
  const exporter = new TextEncoder().encode("exported by this very TLS sess..");
  const bound: Circumstances = { tls, channelBinding: (type) => type === "tls-exporter" ? exporter : undefined };

  interface Attempt {
    readonly mechanism: string;
    readonly gs2Header?: string;
    readonly bindingData?: Uint8Array;
    readonly password?: string;
    readonly user?: string;
    readonly nonce?: string;
  }

  async function attempt(client: Client, how: Attempt): Promise<string> {
    const { mechanism, gs2Header = "n,,", user = "alice", password = "wonderland" } = how;
    const firstBare = `n=${user},r=fyko+d2lbbFgONRv9qkxdawL`;
    const first = await client.ask(`AUTH ${mechanism} ${base64(gs2Header + firstBare)}`);
    if (!first.startsWith("334 ")) return codes(first);
    const hash = mechanism.includes("256") ? "sha256" : "sha1";
    const { final, verifier } = answer({
      hash,
      password,
      gs2Header,
      firstBare,
      ...(how.bindingData === undefined ? {} : { bindingData: how.bindingData }),
      ...(how.nonce === undefined ? {} : { nonce: how.nonce }),
    }, challengeOf(first));
    const last = await client.ask(base64(final));
    if (!last.startsWith("334 ")) return codes(last);
    expect(challengeOf(last)).toBe(verifier);
    return codes(await client.ask(""));
  }

  const table: readonly [string, Attempt, string][] = [
    ["SCRAM-SHA-256", { mechanism: "SCRAM-SHA-256" }, "235 2.7.0"],
    ["SCRAM-SHA-1", { mechanism: "SCRAM-SHA-1" }, "235 2.7.0"],
    ["a wrong password", { mechanism: "SCRAM-SHA-256", password: "looking-glass" }, "535 5.7.8"],
    ["nobody", { mechanism: "SCRAM-SHA-256", user: "nobody" }, "535 5.7.8"],
    ["a tampered nonce", { mechanism: "SCRAM-SHA-256", nonce: "somebody+else" }, "535 5.7.8"],
    [
      "SCRAM-SHA-256-PLUS",
      { mechanism: "SCRAM-SHA-256-PLUS", gs2Header: "p=tls-exporter,,", bindingData: exporter },
      "235 2.7.0",
    ],
    [
      "SCRAM-SHA-1-PLUS",
      { mechanism: "SCRAM-SHA-1-PLUS", gs2Header: "p=tls-exporter,,", bindingData: exporter },
      "235 2.7.0",
    ],
    [
      "the binding of another connection",
      { mechanism: "SCRAM-SHA-256-PLUS", gs2Header: "p=tls-exporter,,", bindingData: new Uint8Array(32) },
      "535 5.7.8",
    ],
    [
      "a binding there is none of",
      { mechanism: "SCRAM-SHA-256-PLUS", gs2Header: "p=tls-server-end-point,,", bindingData: exporter },
      "535 5.7.8",
    ],
    ["a client made to believe there is no -PLUS", { mechanism: "SCRAM-SHA-256", gs2Header: "y,," }, "535 5.7.8"],
  ];
  test.each(table)("%s", async (_, how, expected) => {
    const client = await connected(app(), secure, bound);
    expect(await attempt(client, how)).toBe(expected);
  });

  test("a user who does not exist is shown a challenge like everybody", async () => {
    const client = await connected();
    const first = challengeOf(await client.ask(`AUTH SCRAM-SHA-256 ${base64("n,,n=nobody,r=abc")}`));
    expect(first).toMatch(/^r=abc.+,s=[A-Za-z0-9+/]{22}==,i=600000$/);
  });

  test("a long nonce comes back in one line", async () => {
    const client = await connected();
    const nonce = "n".repeat(2_000);
    expect(challengeOf(await client.ask(`AUTH SCRAM-SHA-256 ${base64(`n,,n=alice,r=${nonce}`)}`))).toStartWith(
      `r=${nonce}`,
    );
  });
});
