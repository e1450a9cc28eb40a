/** What examples/fly says to Fly.io and to Docker, read strictly. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder, with its slash. */
export const folder: string = fileURLToPath(new URL("../../examples/fly/", import.meta.url));

/** A `[[services]]` of fly.toml. */
export interface Service {
  readonly internal_port: number;
  readonly protocol: string;
  readonly auto_start_machines: boolean;
  readonly auto_stop_machines: string;
  readonly min_machines_running: number;
  readonly concurrency: { readonly type: string; readonly soft_limit: number; readonly hard_limit: number };
  readonly ports: readonly {
    readonly port: number;
    readonly handlers: readonly string[];
    readonly proxy_proto_options: { readonly version: string };
  }[];
  readonly tcp_checks: readonly object[];
}

/** fly.toml, as far as it is used. */
export interface FlyConfig {
  readonly kill_signal: string;
  /** Seconds. */
  readonly kill_timeout: number;
  readonly build: { readonly dockerfile: string };
  readonly env: Readonly<Record<string, string>>;
  readonly services: readonly Service[];
  readonly checks: Readonly<Record<string, { readonly type: string; readonly port: number; readonly path: string }>>;
  readonly metrics: { readonly port: number; readonly path: string };
  readonly vm: readonly { readonly size: string; readonly memory: string }[];
}

export const config: FlyConfig = Bun.TOML.parse(readFileSync(`${folder}fly.toml`, "utf8")) as FlyConfig;

/** The last stage of a Dockerfile. */
export interface Image {
  readonly from: readonly string[];
  readonly user: string;
  readonly workdir: string;
  readonly stopSignal: string;
  readonly env: Readonly<Record<string, string>>;
  /** What is copied from the folder itself. */
  readonly files: readonly string[];
  readonly command: readonly string[];
}

/**
 * Reads a Dockerfile of the kind that is here: every instruction on one line.
 *
 * @throws {Error} for an instruction that it does not know.
 */
export function readImage(name: string): Image {
  let image = emptyImage;
  for (const line of readFileSync(`${folder}${name}`, "utf8").split("\n")) {
    if (/^(?:#|\s*$)/.test(line)) continue;
    const [, instruction = "", rest = ""] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    image = { ...image, ...follow(image, instruction, rest) };
  }
  return image;
}

const emptyImage: Image = { from: [], user: "root", workdir: "/", stopSignal: "", env: {}, files: [], command: [] };

function follow(image: Image, instruction: string, rest: string): Partial<Image> {
  switch (instruction) {
    case "FROM":
      return { ...emptyImage, from: [...image.from, rest] };
    case "WORKDIR":
      return { workdir: rest };
    case "USER":
      return { user: rest };
    case "STOPSIGNAL":
      return { stopSignal: rest };
    case "ENV":
      return { env: { ...image.env, ...Object.fromEntries(rest.split(" ").map((pair) => pair.split("="))) } };
    case "COPY":
      return rest.startsWith("--") ? {} : { files: [...image.files, ...rest.split(" ").slice(0, -1)] };
    case "RUN":
      return {};
    case "ENTRYPOINT":
      // One of the base image's would stand before the command.
      return JSON.parse(rest).length === 0 ? {} : failed(rest);
    case "CMD":
      return { command: JSON.parse(rest) };
  }
  return failed(`${instruction} ${rest}`);
}

function failed(line: string): never {
  throw new Error(`The Dockerfile has a line that this reader does not know: ${line}`);
}
