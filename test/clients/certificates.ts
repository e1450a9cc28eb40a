/**
 * A small certificate authority of the tests' own, made by the `openssl` program.
 * Their keys are for tests alone, and readable by all: a mail server reads them after it has dropped its privileges.
 *
 * @module
 */

import { chmod } from "node:fs/promises";
import { join } from "node:path";
import type { CertificateFiles } from "./client.ts";
import { run } from "./run.ts";

/** Paths of the PEM files. */
export interface Certificates {
  /** The authority that signed the server's and the client's certificate. */
  readonly ca: string;
  readonly server: CertificateFiles;
  readonly client: CertificateFiles;
  /** Signed by itself, by nobody that a server trusts. */
  readonly stranger: CertificateFiles;
}

export interface CertificateOptions {
  /** DNS names and IP addresses of the server. Default: localhost, mx.example.com, 127.0.0.1, ::1. */
  readonly names?: readonly string[];
  /** The client's common name and e-mail address. Default: `alice@example.com`. */
  readonly client?: string;
}

/** Writes an authority, a server's and a client's certificate (P-256, ten days) into an existing folder. */
export async function makeCertificates(folder: string, options: CertificateOptions = {}): Promise<Certificates> {
  const names = options.names ?? ["localhost", "mx.example.com", "127.0.0.1", "::1"];
  const client = options.client ?? "alice@example.com";
  const ca = files(folder, "ca");
  await sign(ca, "Postern test authority", ["basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign"]);
  const altNames = names.map((name) => `${/^[\d.]+$|:/.test(name) ? "IP" : "DNS"}:${name}`).join(",");
  const server = files(folder, "server");
  await sign(server, names[0] ?? "localhost", [`subjectAltName=${altNames}`, "extendedKeyUsage=serverAuth", leaf], ca);
  const user = files(folder, "client");
  await sign(user, client, [`subjectAltName=email:${client}`, "extendedKeyUsage=clientAuth", leaf], ca);
  const stranger = files(folder, "stranger");
  await sign(stranger, client, [`subjectAltName=email:${client}`, "extendedKeyUsage=clientAuth", leaf]);
  return { ca: ca.cert, server, client: user, stranger };
}

const leaf = "basicConstraints=critical,CA:FALSE";

function files(folder: string, name: string): CertificateFiles {
  return { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}

async function sign(own: CertificateFiles, name: string, extensions: string[], by?: CertificateFiles): Promise<void> {
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "10"];
  args.push("-subj", `/CN=${name}`, "-keyout", own.key, "-out", own.cert);
  for (const extension of extensions) args.push("-addext", extension);
  if (by) args.push("-CA", by.cert, "-CAkey", by.key);
  const { code, output } = await run("openssl", args);
  if (code !== 0) throw new Error(`openssl could not make a certificate for ${name}:\n${output}`);
  await chmod(own.key, 0o644);
}
