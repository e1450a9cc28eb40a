/** HAProxy, and the LMTP of Postfix, Exim and Python, and Exim's PRDR, before each runtime, over real connections. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmod } from "node:fs/promises";
import { connect } from "node:net";
import { makeCertificates } from "../clients/certificates.ts";
import * as exim from "../clients/exim.ts";
import * as haproxy from "../clients/haproxy.ts";
import * as nodemailer from "../clients/nodemailer.ts";
import * as postfix from "../clients/postfix.ts";
import { freePort, scratch } from "../clients/scratch.ts";
import { smtplib } from "../clients/smtplib.ts";
import { Runtime, runtimeNames } from "../runtime.ts";
import { WireClient } from "../wire.ts";

// Each program has a time limit of its own, well below this one.
setDefaultTimeout(60_000);

const hasHaproxy = await haproxy.available();
const hasPostfix = await postfix.available();
const hasExim = await exim.available();
const hasPython = await smtplib.available();

const message = { from: "a@x.test", to: ["b@y.test"], data: "Subject: hello\r\n\r\nhello\r\n" };
const behindProxy = { proxyProtocol: ["127.0.0.1", "unix"] };

for (const name of runtimeNames) {
  describe(name, () => {
    let runtime: Runtime;
    beforeAll(async () => void (runtime = await Runtime.start(name)));
    afterAll(async () => await runtime[Symbol.asyncDispose]());

    describe.skipIf(!hasHaproxy)("HAProxy", () => {
      for (const proxy of [1, 2] as const) {
        test(`137 140 send-proxy of version ${proxy} tells the client's own port`, async () => {
          const served = await runtime.serve("knowing", behindProxy);
          await using front = await haproxy.startHaproxy({ to: { host: "127.0.0.1", port: served.port }, proxy });
          const client = await WireClient.connect({ port: front.port });
          const { port } = client.socket.address() as { port: number };
          await client.reply();
          expect((await client.command("HELO c.test")).raw).toBe(
            `250 mx.test 127.0.0.1 ${port} to 127.0.0.1 ${front.port} as nobody through 127.0.0.1 []`,
          );
          client.destroy();
          expect(await nodemailer.send(front, message)).toMatchObject({ code: 0 });
          expect(await served.deliveries()).toMatchObject([{ recipient: "b@y.test" }]);
          await served.close(0);
        });
      }

      test("141 TLVs with a checksum, TLS ended by HAProxy", async () => {
        await using folder = await scratch("proxy-test");
        const files = await makeCertificates(folder.path);
        const served = await runtime.serve("knowing", behindProxy);
        const tlvs = ["crc32c", "unique-id", "ssl", "authority"];
        const to = { host: "127.0.0.1", port: served.port };
        await using front = await haproxy.startHaproxy({ to, proxy: 2, tlvs, tls: files.server });
        const sent = await nodemailer.send(front, message, { tls: "implicit", ca: files.ca });
        expect(sent).toMatchObject({ code: 0 });
        expect(await served.deliveries()).toHaveLength(1);
        await served.close(0);
      });

      for (const [proxy, check] of [[1, "connect"], [2, "connect"], [1, "smtp"], [2, "smtp"]] as const) {
        test(`140 a check by ${check} with version ${proxy} finds the server up`, async () => {
          const served = await runtime.serve("knowing", behindProxy);
          const to = { host: "127.0.0.1", port: served.port };
          await using front = await haproxy.startHaproxy({ to, proxy, check });
          await front.checked(check === "smtp" ? /^L7OK/ : /^L4OK/);
          expect(await front.status()).toStartWith("UP");
          await served.close(0);
        });
      }

      test("142 without send-proxy nobody is heard", async () => {
        const served = await runtime.serve("knowing", { ...behindProxy, timeouts: { proxyHeader: 200 } });
        await using front = await haproxy.startHaproxy({ to: { host: "127.0.0.1", port: served.port } });
        const client = await WireClient.connect({ port: front.port });
        expect(await client.closed()).toEqual([]);
        await served.close(0);
      });

      test("137 over a Unix socket", async () => {
        await using folder = await scratch("proxy-test");
        const unix = folder.file("postern.sock");
        const served = await runtime.serve("knowing", { ...behindProxy, unix });
        await using front = await haproxy.startHaproxy({ to: { unix }, proxy: 2 });
        expect(await nodemailer.send(front, message)).toMatchObject({ code: 0 });
        expect(await served.deliveries()).toHaveLength(1);
        await served.close(0);
      });
    });

    test("138 many checks that connect and close leave nothing behind", async () => {
      const served = await runtime.serve("knowing", behindProxy);
      for (let count = 0; count < 20; count++) {
        const socket = connect({ host: "127.0.0.1", port: served.port });
        await new Promise((resolve) => socket.once("connect", resolve));
        if (count % 2 === 0) socket.destroy();
        else socket.resetAndDestroy();
      }
      const client = await WireClient.connect({ port: served.port });
      client.write("PROXY TCP4 192.0.2.1 198.51.100.7 1 25\r\n");
      expect((await client.reply()).code).toBe(220);
      expect(await served.sessions()).toBe(1);
      client.destroy();
      await served.close(0);
    });

    const recipients = ["a@y.test", "reject@y.test", "c@y.test"];

    test.skipIf(!hasPostfix)("135 Postfix's LMTP client hears of each recipient", async () => {
      await using folder = await scratch("lmtp-test", { shared: true });
      const unix = folder.file("lmtp.sock");
      for (const relay of ["port", "socket"] as const) {
        const where = relay === "port" ? {} : { unix };
        const served = await runtime.serve("conformance", { protocol: "lmtp", ...where });
        // Postfix's client is not root.
        if (relay === "socket") await chmod(unix, 0o777);
        const to = relay === "port" ? { host: "127.0.0.1", port: served.port } : { unix };
        await using queue = await postfix.startPostfix({
          relay: to,
          protocol: "lmtp",
          settings: { lmtp_destination_recipient_limit: "50" },
        });
        await queue.submit({ ...message, to: [...recipients, "b@refused.test"] });
        await queue.emptied();
        const log = await queue.log();
        expect(log).toMatch(/to=<a@y\.test>.*status=sent \(250 2\.0\.0 <a@y\.test> Ok/);
        expect(log).toMatch(/to=<reject@y\.test>.*status=bounced .*554 5\.7\.1 No thanks/);
        expect(log).toMatch(/to=<c@y\.test>.*status=sent \(250 2\.0\.0 <c@y\.test> Ok/);
        expect(log).toMatch(/to=<b@refused\.test>.*status=bounced .*550 5\.1\.1/);
        const delivered = await served.deliveries();
        expect(delivered.map(({ recipient }) => recipient)).toEqual(["a@y.test", "c@y.test"]);
        await served.close(0);
      }
    });

    test.skipIf(!hasPostfix)("135 a recipient that is refused for a time is tried again alone", async () => {
      const served = await runtime.serve("oneThrowsOnce", { protocol: "lmtp" });
      await using queue = await postfix.startPostfix({
        relay: { host: "127.0.0.1", port: served.port },
        protocol: "lmtp",
        settings: { lmtp_destination_recipient_limit: "50" },
      });
      await queue.submit({ ...message, to: ["a@y.test", "c@y.test", "d@y.test"] });
      await queue.logged(/to=<c@y\.test>.*status=deferred .*451 4\.3\.0/);
      await queue.flush();
      await queue.emptied(30_000);
      const delivered = await served.deliveries();
      expect(delivered.map(({ recipient }) => recipient)).toEqual(["a@y.test", "d@y.test", "c@y.test"]);
      await served.close(0);
    });

    test.skipIf(!hasPostfix)("XFORWARD as Postfix sends it", async () => {
      const served = await runtime.serve("knowing", { xclient: ["127.0.0.1"] });
      const listen = await freePort();
      await using queue = await postfix.startPostfix({
        relay: { host: "127.0.0.1", port: served.port },
        listen,
        settings: { smtp_send_xforward_command: "yes" },
      });
      const sent = await nodemailer.send({ host: "127.0.0.1", port: listen }, message, { helo: "spike.example" });
      expect(sent).toMatchObject({ code: 0 });
      await queue.emptied();
      expect(await queue.log()).toMatch(/to=<b@y\.test>.*status=sent/);
      expect(await served.deliveries()).toMatchObject([{
        forwarded: {
          address: "127.0.0.1",
          port: expect.any(Number),
          protocol: "ESMTP",
          helo: "spike.example",
          ident: expect.any(String),
          source: "LOCAL",
        },
      }]);
      await served.close(0);
    });

    describe.skipIf(!hasExim)("Exim", () => {
      for (const chunking of [false, true]) {
        test(`PRDR: it hears of each recipient after ${chunking ? "BDAT LAST" : "DATA"}`, async () => {
          const served = await runtime.serve("conformance");
          const relay = { host: "127.0.0.1", port: served.port };
          await using queue = await exim.startExim({ relay, chunking });
          await queue.submit({ ...message, to: [...recipients, "b@refused.test"] });
          await queue.emptied();
          const log = await queue.log();
          expect(log).toMatch(/=> a@y\.test .*PRDR.*C="250 2\.0\.0 <a@y\.test> Ok.* for 2 of 3 recipients"/);
          expect(log).toMatch(/\*\* reject@y\.test .*PRDR error after .*554 5\.7\.1 No thanks/);
          expect(log).toMatch(/-> c@y\.test .*PRDR/);
          expect(log).toMatch(/\*\* b@refused\.test .*550 5\.1\.1/);
          expect((await served.deliveries()).map(({ recipient }) => recipient)).toEqual(["a@y.test", "c@y.test"]);
          await served.close(0);
        });
      }

      test("PRDR: who is refused for a time is tried again, and alone", async () => {
        const served = await runtime.serve("oneThrowsOnce");
        await using queue = await exim.startExim({ relay: { host: "127.0.0.1", port: served.port } });
        await queue.submit({ ...message, to: ["a@y.test", "c@y.test", "d@y.test"] });
        await queue.logged(/== c@y\.test .*451 4\.3\.0/);
        await queue.flush();
        await queue.emptied(30_000);
        const delivered = await served.deliveries();
        expect(delivered.map(({ recipient }) => recipient)).toEqual(["a@y.test", "d@y.test", "c@y.test"]);
        await served.close(0);
      });

      for (const chunking of [false, true]) {
        test(`135 92 LMTP: it hears of each recipient after ${chunking ? "BDAT LAST" : "DATA"}`, async () => {
          const served = await runtime.serve("conformance", { protocol: "lmtp" });
          const relay = { host: "127.0.0.1", port: served.port };
          await using queue = await exim.startExim({ relay, protocol: "lmtp", chunking });
          await queue.submit({ ...message, to: recipients });
          await queue.emptied();
          const log = await queue.log();
          expect(log).toMatch(/=> a@y\.test /);
          expect(log).toMatch(/\*\* reject@y\.test .*554 5\.7\.1 No thanks/);
          expect((await served.deliveries()).map(({ recipient }) => recipient)).toEqual(["a@y.test", "c@y.test"]);
          await served.close(0);
        });
      }
    });

    test.skipIf(!hasPython)("135 Python's LMTP client delivers", async () => {
      const served = await runtime.serve("conformance", { protocol: "lmtp" });
      const target = { host: "127.0.0.1", port: served.port };
      const sent = await smtplib.send(target, message, { lmtp: true });
      expect(sent).toMatchObject({ code: 0 });
      expect(await served.deliveries()).toMatchObject([{ recipient: "b@y.test" }]);
      await served.close(0);
    });
  });
}
