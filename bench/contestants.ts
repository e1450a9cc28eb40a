/** Who takes part: Postern on its three runtimes, and the servers that people compare it with. */

import { existsSync } from "node:fs";
import { find } from "../test/clients/found.ts";
import { type RuntimeName, runtimeNames } from "../test/runtime.ts";
import { certificate, configureHaraka, debianVersion, packageVersion, peers } from "./peers.ts";
import { interpreters, ready, runtimeVersion, scratch } from "./programs.ts";
import type { ServerCommand } from "./server.ts";

export interface Contestant {
  /** As in the table; what `--only` looks for. */
  readonly name: string;
  readonly runtime?: RuntimeName;
  readonly version: string;
  /** Whether it can be given a certificate. */
  readonly hasTls: boolean;
  command(port: number): ServerCommand;
}

/** All that are there; for one that is missing a line is printed. */
export async function contestants(): Promise<Contestant[]> {
  const found: Contestant[] = [];
  for (const enter of [...runtimeNames.map(postern), ...runtimeNames.map(smtpServer), sink, goSmtp, aiosmtpd, haraka]) {
    const contestant = await enter();
    if (typeof contestant === "string") console.log(`skipped: ${contestant}`);
    else found.push(contestant);
  }
  return found;
}

/** A contestant, or why it cannot take part. */
type Entry = () => Promise<Contestant | string>;

const tlsFiles = [certificate.cert, certificate.key];

function postern(runtime: RuntimeName): Entry {
  return async () => {
    const file = await ready(runtime, `bench/servers/postern_${runtime}.ts`);
    return {
      name: `Postern on ${title(runtime)}`,
      runtime,
      version: `${title(runtime)} ${runtimeVersion(runtime)}`,
      hasTls: true,
      command: (port) => ({ command: [...interpreters[runtime], file, `${port}`, ...tlsFiles] }),
    };
  };
}

function smtpServer(runtime: RuntimeName): Entry {
  return async () => {
    const module = `${peers}/node_modules/smtp-server/dist/cjs/smtp-server.js`;
    if (!existsSync(module)) return `smtp-server on ${title(runtime)}: npm could not install it`;
    const file = await ready(runtime, "bench/servers/smtp_server.ts");
    return {
      name: `smtp-server on ${title(runtime)}`,
      runtime,
      version: `${packageVersion("smtp-server")}`,
      hasTls: true,
      command: (port) => ({ command: [...interpreters[runtime], file, `${port}`, module, ...tlsFiles] }),
    };
  };
}

const sink: Entry = async () => {
  const program = await find("smtp-sink");
  if (program === undefined) return "smtp-sink: postfix is not installed";
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  return {
    name: "smtp-sink",
    version: `Postfix ${debianVersion("postfix")}`,
    hasTls: false,
    command: (port) => ({ command: [program, ...user, `127.0.0.1:${port}`, "1000"], cwd: "/" }),
  };
};

const goSmtp: Entry = async () => {
  const program = `${peers}/gosmtp`;
  if (!existsSync(program)) return "go-smtp: Go or its library is not installed";
  const go = Bun.spawnSync(["go", "version"]).stdout.toString();
  return await Promise.resolve({
    name: "go-smtp",
    version: `${debianVersion("golang-github-emersion-go-smtp-dev")}, Go ${/\d[\d.]+/.exec(go)?.[0]}`,
    hasTls: true,
    command: (port) => ({ command: [program, `${port}`, ...tlsFiles] }),
  });
};

const aiosmtpd: Entry = async () => {
  const python = "/usr/bin/python3";
  if (!existsSync("/usr/lib/python3/dist-packages/aiosmtpd")) return "aiosmtpd: python3-aiosmtpd is not installed";
  const file = `${import.meta.dir}/servers/aiosmtpd_server.py`;
  return await Promise.resolve({
    name: "aiosmtpd",
    version: `${debianVersion("python3-aiosmtpd")}, Python ${debianVersion("python3")}`,
    hasTls: false,
    command: (port) => ({ command: [python, file, `${port}`] }),
  });
};

const haraka: Entry = async () => {
  const program = `${peers}/node_modules/Haraka/bin/haraka`;
  if (!existsSync(program)) return "Haraka: npm could not install it";
  return await Promise.resolve({
    name: "Haraka",
    runtime: "node",
    version: `${packageVersion("Haraka")}`,
    hasTls: false,
    command(port) {
      configureHaraka(port);
      return { command: ["node", program, "-c", `${peers}/haraka`], cwd: scratch };
    },
  });
};

/** As the runtimes write their names. */
export function title(runtime: RuntimeName): string {
  return `${runtime[0]!.toUpperCase()}${runtime.slice(1)}`;
}
