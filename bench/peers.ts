/** Gets the other servers, and the clients: from Debian and from npm, into .scratch/peers. */

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { find } from "../test/clients/found.ts";
import { root, scratch } from "./programs.ts";

/** Where they lie. */
export const peers: string = `${scratch}peers`;
const goPath = "/usr/share/gocode";

/** Gets what is missing. What cannot be had is said, and its contestants are skipped. */
export async function getPeers(): Promise<void> {
  mkdirSync(peers, { recursive: true });
  await fromDebian();
  const packages = ["smtp-server", "Haraka"].filter((name) => !existsSync(`${peers}/node_modules/${name}`));
  if (packages.length > 0) run(["npm", "install", "--prefix", peers, "--no-audit", "--no-fund", ...packages]);
  for (const [program, source] of [["gosmtp", "servers/gosmtp.go"], ["load", "load/client.go"]] as const) {
    const env = { GO111MODULE: "off", GOPATH: goPath, GOCACHE: `${scratch}go-cache`, GOFLAGS: "" };
    if (await find("go") !== undefined) run(["go", "build", "-o", `${peers}/${program}`, `bench/${source}`], env);
  }
  certify();
}

/** Postfix and aiosmtpd come with the programs that the tests use; Go is the benchmark's own. */
async function fromDebian(): Promise<void> {
  const isRoot = process.getuid?.() === 0 && await find("apt-get") !== undefined;
  if (!isRoot) return;
  const hasMail = await find("smtp-source") !== undefined && existsSync("/usr/lib/python3/dist-packages/aiosmtpd");
  if (!hasMail) run(["bash", ".ci/debian.sh"]);
  const hasGo = await find("go") !== undefined && existsSync(`${goPath}/src/github.com/emersion/go-smtp`);
  if (hasGo) return;
  const install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "golang-go"];
  const libraries = ["golang-github-emersion-go-smtp-dev", "golang-github-emersion-go-sasl-dev"];
  if (!run([...install, ...libraries])) run(["apt-get", "update", "-q"]) && run([...install, ...libraries]);
}

/** Haraka without its outbound half: every recipient is taken, every body is read. The port stands in its files. */
export function configureHaraka(port: number): void {
  const files: Readonly<Record<string, string>> = {
    "config/smtp.ini": `listen=127.0.0.1:${port}\nnodes=0\n`,
    "config/plugins": "accept\n",
    "config/me": "mx.test\n",
    "config/log.ini": "[main]\nlevel=warn\n",
    "plugins/accept.js": `const { Writable } = require("node:stream")

exports.hook_rcpt = (next) => next(OK)

exports.hook_queue = (next, connection) => {
  const nowhere = new Writable({ write: (chunk, encoding, done) => done() })
  nowhere.once("finish", () => next(OK))
  connection.transaction.message_stream.pipe(nowhere)
}
`,
  };
  const own = `${peers}/node_modules/Haraka/config/connection.ini`;
  for (const folder of ["config", "plugins"]) mkdirSync(`${peers}/haraka/${folder}`, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(`${peers}/haraka/${file}`, text);
  // It has no defaults beside the ones in this file, and ends at the first connection without them.
  if (existsSync(own)) copyFileSync(own, `${peers}/haraka/config/connection.ini`);
}

/** A certificate for the runs with STARTTLS. */
function certify(): void {
  if (existsSync(certificate.cert)) return;
  const subject = ["-subj", "/CN=mx.test", "-days", "3650", "-nodes"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", certificate.key];
  run(["openssl", "req", "-x509", ...key, ...subject, "-out", certificate.cert]);
}

/** The certificate that every server gets. */
export const certificate: { readonly cert: string; readonly key: string } = {
  cert: `${peers}/cert.pem`,
  key: `${peers}/key.pem`,
};

/** The version of a package in .scratch/peers. */
export function packageVersion(name: string): string {
  return JSON.parse(readFileSync(`${peers}/node_modules/${name}/package.json`, "utf8")).version;
}

/** The version of one of Debian's. */
export function debianVersion(name: string): string {
  return Bun.spawnSync(["dpkg-query", "-W", "-f", "${Version}", name]).stdout.toString() || "unknown";
}

function run(command: readonly string[], env: Readonly<Record<string, string>> = {}): boolean {
  const { success, stderr } = Bun.spawnSync([...command], { cwd: root, env: { ...process.env, ...env } });
  if (!success) {
    console.log(`failed: ${command.join(" ")}: ${stderr.toString().trim().split("\n").slice(-3).join(" ")}`);
  }
  return success;
}
