import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Certificates, makeCertificates } from "../clients/certificates.ts";
import { openssl } from "../clients/openssl.ts";
import { type Scratch, scratch } from "../clients/scratch.ts";
import { Command, runtimeNames } from "./command.ts";

const isThere = await openssl.available();
const message = { from: "a@x.test", to: ["b@y.test"], data: "Subject: hello\r\n\r\nhello\r\n" };

describe.skipIf(!isThere).each(runtimeNames)("TLS by flags on %s", (runtime) => {
  let folder: Scratch;
  let files: Certificates;
  let cert: string;
  let key: string;
  beforeAll(async () => {
    folder = await scratch("cli-tls");
    files = await makeCertificates(folder.path);
    cert = join(folder.path, "live.crt");
    key = join(folder.path, "live.key");
    copyFileSync(files.server.cert, cert);
    copyFileSync(files.server.key, key);
  });
  afterAll(async () => await folder[Symbol.asyncDispose]());

  test("STARTTLS, and the certificate read again on SIGHUP", async () => {
    const command = new Command(runtime, ["serve", "--port", "0", "--tls-cert", cert, "--tls-key", key]);
    const target = { host: "127.0.0.1", port: await command.port() };
    expect(await openssl.send(target, message, { tls: "starttls", ca: files.ca })).toMatchObject({ code: 0 });
    process.kill(command.child.pid!, "SIGHUP");
    await command.printed(/SIGHUP: new connections get the certificate in .*live\.crt as it is now/);
    writeFileSync(cert, "no certificate");
    process.kill(command.child.pid!, "SIGHUP");
    await command.printed(/SIGHUP: the certificate stays as it was: .*live\.crt/);
    expect(await openssl.send(target, message, { tls: "starttls", ca: files.ca })).toMatchObject({ code: 0 });
    expect(await command.stop("SIGTERM")).toMatchObject({ status: 0 });
    copyFileSync(files.server.cert, cert);
  }, 30_000);

  test("certificate and key from the environment, on one of several ports", async () => {
    const oneLine = (file: string) => readFileSync(file, "utf8").replaceAll("\n", "\\n");
    const env = {
      POSTERN_TLS_CERT: oneLine(files.server.cert),
      POSTERN_TLS_KEY: readFileSync(files.server.key, "utf8"),
    };
    const command = new Command(runtime, ["serve", "--hostname", "127.0.0.1", "--listen", "0,0/tls"], env);
    const [, port] = await command.printed(/listening on 127\.0\.0\.1:\d+, 127\.0\.0\.1:(\d+) for the inbox/);
    const target = { host: "127.0.0.1", port: Number(port) };
    expect(await openssl.send(target, message, { tls: "implicit", ca: files.ca })).toMatchObject({ code: 0 });
    process.kill(command.child.pid!, "SIGHUP");
    await command.printed(/SIGHUP: there is no file to read again/);
    const { status, stdout } = await command.stop("SIGTERM");
    expect(status).toBe(0);
    expect(stdout).not.toContain("-----BEGIN");
  }, 30_000);

  test("implicit TLS, and a line that says why it cannot be", async () => {
    const flags = ["serve", "--port", "0", "--implicit-tls"];
    const command = new Command(runtime, [...flags, "--tls-cert", cert, "--tls-key", key]);
    const target = { host: "127.0.0.1", port: await command.port() };
    expect(await openssl.send(target, message, { tls: "implicit", ca: files.ca })).toMatchObject({ code: 0 });
    await command.stop("SIGTERM");
    const half = await new Command(runtime, [...flags, "--tls-cert", cert]).ended;
    expect(half).toMatchObject({ status: 2, stdout: "" });
    expect(half.stderr).toMatch(/^postern: --tls-cert and --tls-key go together[^\n]*\n$/);
    const missing = await new Command(runtime, [...flags, "--tls-cert", "/nowhere", "--tls-key", key]).ended;
    expect(missing).toMatchObject({ status: 1, stdout: "" });
    expect(missing.stderr).toBe('postern: cannot read --tls-cert from the file "/nowhere": there is no such file\n');
    const swapped = await new Command(runtime, [...flags, "--tls-cert", key, "--tls-key", cert]).ended;
    expect(swapped).toMatchObject({ status: 1, stdout: "" });
    expect(swapped.stderr).toMatch(
      /^postern: cannot use --tls-cert, the file "[^\n]*": it holds no certificate in PEM/,
    );
  }, 30_000);
});
