/**
 * HAProxy in front of a server: the PROXY protocol and health checks as a real load balancer sends them.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import type { CertificateFiles, Target } from "./client.ts";
import { find, installed } from "./found.ts";
import { run, type Running, start } from "./run.ts";
import { freePort, listening, type Scratch, scratch } from "./scratch.ts";

export interface HaproxyOptions {
  readonly to: Target;
  /** The version of the PROXY header. Default: none is sent. */
  readonly proxy?: 1 | 2;
  /** TLVs of version 2, as `proxy-v2-options` names them: `["crc32c", "unique-id", "ssl", "authority"]`. */
  readonly tlvs?: readonly string[];
  /**
   * `connect` only connects; with `proxy` it sends a LOCAL header (version 2) or UNKNOWN (version 1). `smtp` waits for
   * the greeting and says EHLO. Default: no check.
   */
  readonly check?: "connect" | "smtp";
  /** HAProxy ends the TLS of its clients with this certificate, and speaks in clear to the server. */
  readonly tls?: CertificateFiles;
}

/** Whether HAProxy is there. */
export function available(): Promise<boolean> {
  return installed("haproxy");
}

/** Starts HAProxy on a free port of 127.0.0.1. */
export async function startHaproxy(options: HaproxyOptions): Promise<Haproxy> {
  const folder = await scratch("haproxy");
  const port = await freePort();
  let bind = `127.0.0.1:${port}`;
  if (options.tls) {
    const pem = await Promise.all([options.tls.cert, options.tls.key].map((file) => readFile(file, "utf8")));
    bind += ` ssl crt ${await folder.write("server.pem", pem.join(""), 0o600)}`;
  }
  const file = await folder.write("haproxy.cfg", configuration(folder, bind, options));
  // -db: in the foreground.
  const program = start(await find("haproxy") ?? "haproxy", ["-db", "-f", file]);
  const haproxy = new Haproxy(folder, program, port);
  try {
    await listening(port);
    return haproxy;
  } catch (error) {
    await haproxy[Symbol.asyncDispose]();
    throw new Error(`HAProxy did not start: ${program.output.text}`, { cause: error });
  }
}

/** A running HAProxy, itself a target for a client; `await using` stops it. */
export class Haproxy implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly #folder: Scratch;
  readonly #program: Running;

  constructor(folder: Scratch, program: Running, port: number) {
    this.port = port;
    this.#folder = folder;
    this.#program = program;
  }

  /** What it thinks of the server: `UP`, `DOWN`, `no check`, or a transition as `UP 1/2`. It begins with `UP`. */
  async status(): Promise<string> {
    return (await this.#server()).status ?? "";
  }

  /** How the last check ended: `L4OK`, `L7OK`, `L7TOUT` …, with what it saw. */
  async lastCheck(): Promise<string> {
    const { check_status: status, last_chk: detail } = await this.#server();
    return `${status ?? ""} ${detail ?? ""}`.trim();
  }

  /** Waits until the last check matches, for example `/^L7OK/`; rejects after `timeoutMs`. */
  async checked(pattern: RegExp, timeoutMs = 10_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!pattern.test(await this.lastCheck())) {
      if (Date.now() > end) throw new Error(`HAProxy's last check is '${await this.lastCheck()}', not ${pattern}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Warnings and errors that it printed. */
  output(): string {
    return this.#program.output.text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop();
    await this.#folder[Symbol.asyncDispose]();
  }

  /** The server's line of `show stat`, which is a table with a comma between its columns. */
  async #server(): Promise<Record<string, string>> {
    const socket = this.#folder.file("stats.sock");
    const script = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n" +
      "s.sendall(b'show stat\\n')\nsys.stdout.buffer.write(s.makefile('rb').read())";
    const { output } = await run("python3", ["-c", script, socket]);
    const [header = "", ...rows] = output.split("\n");
    const names = header.replace(/^# /, "").split(",");
    const row = rows.map((line) => line.split(",")).find((fields) => fields[1] === "postern") ?? [];
    return Object.fromEntries(names.map((name, index) => [name, row[index] ?? ""]));
  }
}

function configuration(folder: Scratch, bind: string, options: HaproxyOptions): string {
  const { to, proxy, tlvs = [], check } = options;
  const server = ["server", "postern", "unix" in to ? `unix@${to.unix}` : `${to.host}:${to.port}`];
  if (proxy) server.push(proxy === 1 ? "send-proxy" : "send-proxy-v2");
  if (tlvs.length > 0) server.push("proxy-v2-options", tlvs.join(","));
  if (check) server.push("check", "inter", "200ms", "fall", "2", "rise", "1");
  if (check && proxy) server.push("check-send-proxy");
  return [
    "global",
    "  maxconn 200",
    `  stats socket ${folder.file("stats.sock")} mode 600 level user`,
    "defaults",
    "  mode tcp",
    "  timeout connect 5s",
    "  timeout client 30s",
    "  timeout server 30s",
    "  timeout check 2s",
    "listen smtp",
    `  bind ${bind}`,
    ...(tlvs.includes("unique-id") ? ["  unique-id-format %{+X}o%ci:%cp_%Ts_%rt"] : []),
    ...(check === "smtp" ? ["  option smtpchk EHLO haproxy.test"] : []),
    `  ${server.join(" ")}`,
    "",
  ].join("\n");
}
