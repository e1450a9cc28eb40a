/** A real Postfix and a real Exim hand over mail encrypted, on each runtime, by every mechanism each of them knows. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { runtimeNames } from "../runtime.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import type { Mechanism, Message } from "./client.ts";
import * as exim from "./exim.ts";
import * as postfix from "./postfix.ts";
import { type Arrived, atMost, SecureServer } from "./secure_server.ts";
import { type Scratch, scratch } from "./scratch.ts";

setDefaultTimeout(60_000);

const good = "wonderland";
const bad = "looking-glass";
const body = ".\r\n..two\r\ngrüße\r\n";
const hasPostfix = await postfix.available();
const hasExim = await exim.available();
/** Queues at a time: more would only wait for each other. */
const turn = atMost(4);

let folder: Scratch;
let files: Certificates;

beforeAll(async () => {
  // The daemons, which run as other users, read the certificates too.
  folder = await scratch("secure-queues", { shared: true });
  files = await makeCertificates(folder.path);
});
afterAll(async () => await folder[Symbol.asyncDispose]());

/** One way of sending, and the recipient that takes it. */
interface Way {
  readonly recipient: string;
  readonly tls: "starttls" | "implicit";
  readonly mechanism?: Mechanism;
  /** Whether the password is wrong, or the certificate a stranger's. */
  readonly isBad?: boolean;
}

function waysOf(program: string, mechanisms: readonly Mechanism[]): readonly Way[] {
  const ways: Way[] = (["starttls", "implicit"] as const).flatMap((tls) => [
    { recipient: `${program}.${tls}@example.com`, tls },
    ...mechanisms.map((mechanism) => ({ recipient: `${program}.${tls}.${mechanism}@elsewhere.test`, tls, mechanism })),
  ]);
  for (const mechanism of mechanisms) {
    ways.push({ recipient: `${program}.bad.${mechanism}@elsewhere.test`, tls: "starttls", mechanism, isBad: true });
  }
  return ways.map((way) => ({ ...way, recipient: way.recipient.toLowerCase() }));
}

function titleOf({ tls, mechanism, isBad }: Way): string {
  if (isBad) {
    return `is refused by ${mechanism} with a ${
      mechanism === "EXTERNAL" ? "stranger's certificate" : "wrong password"
    }`;
  }
  return `${mechanism === undefined ? "delivers" : `logs in by ${mechanism}`}, tls ${tls}`;
}

function messageTo(recipient: string): Message {
  const type = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";
  const data = `From: alice@example.com\r\nSubject: hello\r\n${type}\r\n${body}`;
  return { from: "alice@example.com", to: [recipient], data };
}

function check(arrived: readonly Arrived[], { mechanism, isBad }: Way): void {
  if (isBad) return expect(arrived).toEqual([]);
  const protocol = mechanism === undefined ? "ESMTPS" : "ESMTPSA";
  expect(arrived).toMatchObject([{ from: "alice@example.com", protocol, received: protocol, tls: "TLSv1.3", body }]);
  expect(arrived[0]?.user).toBe(mechanism === undefined ? undefined : "alice");
  expect(arrived[0]?.mechanism).toBe(mechanism);
}

const postfixWays = waysOf("postfix", postfix.mechanisms);

/** One Postfix for all ways: a transport for each. */
function postfixOptions(server: SecureServer): postfix.PostfixOptions {
  const transports: string[] = [];
  const services = postfixWays.map(({ recipient, tls, mechanism, isBad }, index) => {
    const { host, port } = server.all[tls];
    transports.push(`{${recipient} = way${index}:[${host}]:${port}}`);
    const settings = { smtp_tls_security_level: "encrypt", smtp_tls_wrappermode: tls === "implicit" ? "yes" : "no" };
    const sasl = mechanism && {
      smtp_sasl_auth_enable: "yes",
      smtp_sasl_mechanism_filter: mechanism,
      smtp_sasl_password_maps: `inline:{[${host}]:${port}=alice:${isBad ? bad : good}}`,
      smtp_sasl_security_options: "noanonymous",
    };
    const options = Object.entries({ ...settings, ...sasl }).map(([name, value]) => `-o ${name}=${value}`);
    return `way${index} unix - - n - - smtp ${options.join(" ")}`;
  });
  const settings = { transport_maps: `inline:{ ${transports.join(", ")} }` };
  return { relay: server.all.starttls, services, settings };
}

function eximRefusal(mechanism: Mechanism | undefined): RegExp {
  if (mechanism === "EXTERNAL") return / == .*authentication required/;
  // The challenge that tells of the error, which Exim's plaintext driver does not answer, comes before the 535.
  return mechanism?.includes("OAUTH") ? / == .*: 334 eyJzdGF0dXMi/ : / authenticator failed .* 535 /;
}

for (const name of runtimeNames) {
  describe(name, () => {
    let server: SecureServer;
    let queue: postfix.Postfix | undefined;

    beforeAll(async () => {
      server = await SecureServer.start(name, files);
      if (hasPostfix) queue = await postfix.startPostfix(postfixOptions(server));
    });
    afterAll(async () => {
      await queue?.[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    for (const way of postfixWays) {
      test.skipIf(!hasPostfix).concurrent(`Postfix ${titleOf(way)}`, async () => {
        await turn(() => queue!.submit(messageTo(way.recipient)));
        const line = `to=<${way.recipient.replaceAll(".", "\\.")}>.*status=`;
        await queue!.logged(new RegExp(line + (way.isBad ? "deferred \\(SASL authentication failed.*535" : "sent")));
        check(await server.arrived(way.recipient), way);
      });
    }

    test.skipIf(!hasPostfix).concurrent("Postfix trusts the server, and shows a certificate", async () => {
      const recipient = "postfix.secure@example.com";
      const trust = { tlsLevel: "secure", ca: files.ca, serverName: "localhost" } as const;
      const options = { relay: server.all.starttls, certificate: files.client, ...trust };
      await turn(async () => {
        await using own = await postfix.startPostfix(options);
        await own.submit(messageTo(recipient));
        await own.emptied();
      });
      expect(await server.arrived(recipient)).toMatchObject([{ received: "ESMTPS", verified: true }]);
    });

    for (const way of waysOf("exim", exim.mechanisms)) {
      test.skipIf(!hasExim).concurrent(`Exim ${titleOf(way)}`, async () => {
        const { recipient, tls, mechanism, isBad } = way;
        const certificate = isBad && mechanism === "EXTERNAL" ? files.stranger : files.client;
        await turn(async () => {
          await using own = await exim.startExim({
            relay: server.all[tls],
            tls,
            ca: files.ca,
            ...(mechanism === "EXTERNAL" ? { certificate } : {}),
            ...(mechanism && { auth: { mechanism, user: "alice", password: isBad ? bad : good } }),
          });
          await own.submit(messageTo(recipient));
          if (isBad) await own.logged(eximRefusal(mechanism));
          else await own.emptied();
        });
        check(await server.arrived(recipient), way);
      });
    }
  });
}
