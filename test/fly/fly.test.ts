/** examples/fly as Fly.io would run it: the command of each Dockerfile, the environment of fly.toml, HAProxy as proxy. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { installInto, pack, type Packed } from "../../.ci/package.ts";
import { type Certificates, makeCertificates } from "../clients/certificates.ts";
import * as haproxy from "../clients/haproxy.ts";
import * as nodemailer from "../clients/nodemailer.ts";
import { freePort, type Scratch, scratch } from "../clients/scratch.ts";
import { type HttpFunction, says, secret, startFunction } from "../forward/functions.ts";
import { available, Container } from "../container.ts";
import { WireClient } from "../wire.ts";
import { config, folder as exampleFolder, readImage } from "./files.ts";

setDefaultTimeout(90_000);

const there = await available() && await haproxy.available();
const message = { from: "alice@example.org", to: ["bob@example.com"], data: "Subject: Hi\r\n\r\nHello\r\n" };
const auth = { mechanism: "PLAIN", user: "printer", password: "wonderland" } as const;

let folder: Scratch;
let files: Certificates;
let packed: Packed;
beforeAll(async () => {
  if (!there) return;
  folder = await scratch("fly");
  files = await makeCertificates(folder.path, { names: ["localhost", "mx.example.com"] });
  packed = pack(folder.path);
});
afterAll(async () => await folder?.[Symbol.asyncDispose]());

describe.skipIf(!there).each(["Dockerfile.bun", "Dockerfile.deno"])("%s", (dockerfile) => {
  let target: HttpFunction;
  let container: Container;
  /** By the port that the world sees: where the Machine listens, and where the proxy does. */
  const inside = new Map<number, number>();
  const outside = new Map<number, haproxy.Haproxy>();
  let http = 0;

  beforeAll(async () => {
    target = await startFunction(says(200, "Ticket 7"));
    let listen = config.env["POSTERN_LISTEN"]!;
    for (const { internal_port: port, ports } of config.services) {
      const free = await freePort();
      inside.set(ports[0]!.port, free);
      // As it stands there, but for the number: others may have these ports here.
      listen = listen.replace(`${port}`, `${free}`);
    }
    http = await freePort();
    const image = readImage(dockerfile);
    const env = {
      ...image.env,
      ...config.env,
      POSTERN_LISTEN: listen,
      POSTERN_HTTP_PORT: `${http}`,
      POSTERN_PROXY_PROTOCOL: "127.0.0.1",
      POSTERN_TLS_CERT: readFileSync(files.server.cert, "utf8"),
      POSTERN_TLS_KEY: readFileSync(files.server.key, "utf8"),
      MAIL_DOMAIN: "example.com",
      FUNCTION_URL: target.url,
      FUNCTION_SECRET: secret,
      FUNCTION_IS_PRIVATE: "1",
      LOGIN_USER: auth.user,
      LOGIN_PASSWORD: auth.password,
    };
    const paths = image.files.map((file) => `${exampleFolder}${file}`);
    container = await Container.start({
      install: (folder) => installInto(folder, packed),
      command: image.command,
      files: paths,
      env,
    });
    await container.printed(/listening on/);
    for (const [port, to] of inside) {
      outside.set(port, await haproxy.startHaproxy({ to: { host: "127.0.0.1", port: to }, proxy: 2 }));
    }
  });
  afterAll(async () => {
    for (const front of outside.values()) await front[Symbol.asyncDispose]();
    await container[Symbol.asyncDispose]();
    await target[Symbol.asyncDispose]();
  });

  test("mail from anybody comes in at 25, under its client's own address", async () => {
    const client = await WireClient.connect({ port: outside.get(25)!.port, localAddress: "127.0.0.2" });
    expect((await client.reply()).text).toContain("mx.example.com");
    for (const line of ["EHLO c.test", "MAIL FROM:<a@example.org>", "RCPT TO:<bob@example.com>", "DATA"]) {
      expect((await client.command(line)).code).toBeLessThan(400);
    }
    expect((await client.command("Subject: Hi\r\n\r\nHello\r\n.")).raw).toBe("250 2.0.0 Ticket 7");
    expect((await client.command("RSET")).code).toBe(250);
    await client.command("MAIL FROM:<a@example.org>");
    expect((await client.command("RCPT TO:<bob@elsewhere.test>")).raw).toStartWith("550 5.1.1 ");
    client.destroy();
    expect(target.asked.at(-1)?.headers).toMatchObject({ "smtp-remote-address": "127.0.0.2" });
  });

  test("STARTTLS is there at 25, with the certificate of the environment", async () => {
    const options = { tls: "starttls", ca: files.ca, serverName: "mx.example.com" } as const;
    expect(await nodemailer.send(outside.get(25)!, message, options)).toMatchObject({ code: 0 });
  });

  test.each([[465, "implicit"], [587, "starttls"]] as const)("whoever logs in may send at %d", async (port, tls) => {
    const options = { tls, ca: files.ca, serverName: "mx.example.com" } as const;
    expect(await nodemailer.send(outside.get(port)!, message, { ...options, auth })).toMatchObject({ code: 0 });
    expect(target.asked.at(-1)?.headers).toMatchObject({ "smtp-user": "printer" });
    const stranger = await nodemailer.send(outside.get(port)!, message, options);
    expect(stranger).toMatchObject({ code: 1, output: expect.stringContaining("530 5.7.0") });
  });

  test("a large message lies in the tmpfs: there is no other place", async () => {
    const data = `Subject: Large\r\n\r\n${`${"word ".repeat(15)}\r\n`.repeat(50_000)}`;
    expect(await nodemailer.send(outside.get(25)!, { ...message, data })).toMatchObject({ code: 0 });
    expect(target.asked.at(-1)?.body.length).toBeGreaterThan(data.length);
  });

  test("checks that only connect are not even logged", async () => {
    const visit = (port: number, words = "") =>
      new Promise((resolve, reject) => {
        const socket = connect(
          { host: "127.0.0.1", port },
          () => words === "" ? socket.destroy() : socket.write(words),
        );
        // Who sends no header is dropped without a word.
        socket.on("error", (error: NodeJS.ErrnoException) => error.code === "ECONNRESET" ? undefined : reject(error));
        socket.once("close", resolve);
      });
    for (const port of inside.values()) for (let time = 0; time < 3; time++) await visit(port);
    // What comes after them, and is no check, is logged: then they would have been.
    await visit(inside.get(25)!, "EHLO past.the.proxy\r\n");
    const line = await container.printed(/^.*"postern\.proxy".*$/m);
    expect(JSON.parse(line[0])).toMatchObject({ level: "WARN" });
    expect(container.output.match(/"postern\.(?:proxy|connection)"/g)).toHaveLength(1);
  });

  test("the health check and the metrics answer outside of it all", async () => {
    const { path } = config.checks["health"]!;
    expect((await fetch(`http://127.0.0.1:${http}${path}`)).status).toBe(200);
    const metrics = await (await fetch(`http://127.0.0.1:${http}${config.metrics.path}`)).text();
    expect(metrics).toMatch(/^postern_\w+(?:\{.*\})? \d+$/m);
  });

  test("Fly.io's signal: the check fails, what is on its way is taken, and the end is clean", async () => {
    const idle = await WireClient.connect({ port: outside.get(25)!.port });
    await idle.reply();
    const busy = await WireClient.connect({ port: outside.get(25)!.port });
    await busy.reply();
    for (const line of ["EHLO c.test", "MAIL FROM:<a@example.org>", "RCPT TO:<bob@example.com>", "DATA"]) {
      await busy.command(line);
    }
    container.process.kill(config.kill_signal as NodeJS.Signals);
    expect((await idle.reply()).code).toBe(421);
    expect((await fetch(`http://127.0.0.1:${http}${config.checks["health"]!.path}`)).status).toBe(503);
    expect((await busy.command("Subject: Last\r\n\r\nHello\r\n.")).raw).toBe("250 2.0.0 Ticket 7");
    expect(await container.ended).toBe(0);
    expect(target.asked.at(-1)?.body.toString()).toContain("Subject: Last\r\n");
    expect(container.output).not.toContain(secret);
    expect(container.output).not.toContain("-----BEGIN");
  });
});
