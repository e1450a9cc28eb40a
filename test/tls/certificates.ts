/** Certificates for the tests, made when they are needed and thrown away afterwards. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why the tests of TLS cannot run here; undefined when they can. */
export const missing: string | undefined = spawnSync("openssl", ["version"]).status === 0
  ? undefined
  : "openssl is not installed: the tests of TLS are skipped";

/** A folder with an authority and what it signed. */
export class Certificates {
  readonly folder: string = mkdtempSync(join(tmpdir(), "postern-tls-"));

  constructor() {
    this.authority("ca");
    this.authority("strange-ca");
  }

  /** An authority of its own making. */
  authority(name: string): void {
    this.#openssl(...newKey(this.#path(`${name}.key`), name), "-x509", "-days", "2", "-out", this.#path(`${name}.pem`));
  }

  /** A key and its certificate. `extensions` are lines of openssl's configuration. */
  sign(name: string, subject: string, extensions: string, by = "ca", days = "2"): void {
    const request = this.#path(`${name}.csr`);
    const file = this.#path(`${name}.cnf`);
    writeFileSync(file, extensions);
    const [, ...subjectless] = newKey(this.#path(`${name}.key`), name);
    subjectless[subjectless.indexOf("-subj") + 1] = subject;
    this.#openssl("req", ...subjectless, "-out", request);
    const signer = ["-CA", this.#path(`${by}.pem`), "-CAkey", this.#path(`${by}.key`), "-CAcreateserial"];
    const out = ["-days", days, "-extfile", file, "-out", this.#path(`${name}.pem`)];
    this.#openssl("x509", "-req", "-in", request, ...signer, ...out);
  }

  /** A server's certificate. */
  server(name: string, ...hosts: string[]): void {
    this.sign(name, `/CN=${name}`, `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(",")}\n`);
  }

  /** A key under a passphrase. */
  encryptKey(name: string, passphrase: string): void {
    const paths = ["-in", this.#path(`${name}.key`), "-out", this.#path(`${name}.encrypted.key`)];
    this.#openssl("pkcs8", "-topk8", ...paths, "-passout", `pass:${passphrase}`);
  }

  /**
   * What a thief of a certificate has: it, and a key that is not its own but says that it is. openssl does not notice
   * when it reads the key, so that the server has to, when it checks the signature.
   */
  steal(name: string, victim: string): void {
    const own = this.#path(`${name}.der`);
    this.#openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-outform", "DER", "-out", own);
    const publicKey = this.#path(`${name}.pub`);
    this.#openssl("ec", "-in", this.#path(`${victim}.key`), "-pubout", "-outform", "DER", "-out", publicKey);
    const key = new Uint8Array(readFileSync(own));
    key.set(readFileSync(publicKey).subarray(-65), key.length - 65);
    const text = btoa(String.fromCharCode(...key)).replace(/.{64}/g, "$&\n");
    writeFileSync(this.#path(`${name}.key`), `-----BEGIN EC PRIVATE KEY-----\n${text}\n-----END EC PRIVATE KEY-----\n`);
    writeFileSync(this.#path(`${name}.pem`), this.pem(victim));
  }

  /** Options of `serve` for one of them. */
  of(name: string): { cert: string; key: string } {
    return { cert: this.#path(`${name}.pem`), key: this.#path(`${name}.key`) };
  }

  pem(name: string): string {
    return readFileSync(this.#path(`${name}.pem`), "utf8");
  }

  key(name: string): string {
    return readFileSync(this.#path(`${name}.key`), "utf8");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #path(file: string): string {
    return join(this.folder, file);
  }

  #openssl(...args: string[]): void {
    execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  }
}

function newKey(file: string, name: string): string[] {
  return [
    "req",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    file,
    "-subj",
    `/CN=${name}`,
  ];
}
