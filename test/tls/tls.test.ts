/** TLS on every runtime, over real connections: part E of the conformance table, certificates, and what goes wrong. */

import { afterAll, beforeAll, describe } from "bun:test";
import { spawnSync } from "node:child_process";
import { Runtime, runtimeNames } from "../runtime.ts";
import { bytes } from "./bytes.ts";
import { Certificates, missing } from "./certificates.ts";
import { handshakes } from "./handshakes.ts";
import { identities } from "./identities.ts";
import { listeners } from "./listeners.ts";
import { starttls } from "./starttls.ts";
import { Subject } from "./subject.ts";

if (missing !== undefined) console.warn(missing);
else if (spawnSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"]).status !== 0) {
  throw new Error("Cannot build dist/ for Node");
}

describe.skipIf(missing !== undefined)("TLS", () => {
  const made = missing === undefined ? new Certificates() : (undefined as never);

  beforeAll(() => {
    made.server("default", "mx.test");
    made.server("exact", "mx.other.test");
    made.server("wild", "*.wild.test");
    made.server("newer", "mx.test");
    made.encryptKey("default", "open sesame");
    const mail = "subjectAltName=email:a@client.test,DNS:client.test\n";
    made.sign("client", "/C=DE/O=Example, Inc/CN=client", mail);
    made.sign("stranger", "/CN=client", mail, "strange-ca");
    made.sign("expired", "/CN=client", mail, "ca", "-1");
    made.sign("no-client", "/CN=client", `${mail}extendedKeyUsage=serverAuth\n`);
    made.sign("tricky", "/CN=client", 'subjectAltName=@names\n[names]\nemail.1="a@b, DNS:evil.test"\n');
    made.steal("thief", "client");
  });
  afterAll(() => made.remove());

  describe.each(runtimeNames)("%s", (name) => {
    const subject = new Subject(made);
    beforeAll(async () => {
      subject.runtime = await Runtime.start(name);
    });
    afterAll(async () => await subject.runtime[Symbol.asyncDispose]());
    starttls(subject);
    bytes(subject);
    handshakes(subject);
    identities(subject);
    listeners(subject);
  });
});
