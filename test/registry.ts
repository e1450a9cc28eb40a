/** A registry of packages on loopback: it has this one, as packed, and those that lie in node_modules. */

import type { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Packed } from "../.ci/package.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** What `NPM_CONFIG_REGISTRY` may name, for those who install by a page's own command. */
export class Registry implements AsyncDisposable {
  readonly #server: Server;
  /** Each package's versions, with a tarball for each that is made when it is asked for. */
  readonly #packages = new Map<string, Map<string, { readonly manifest: object; tarball(): Buffer }>>();

  private constructor(packed: Packed) {
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
    };
    for (const [path, { dev, optional }] of Object.entries(packages)) {
      if (path !== "" && !dev && !optional) this.#add(join(root, path), () => packedFolder(join(root, path)));
    }
    this.#add(root, () => readFileSync(packed.tarball));
    this.#server = createServer(({ url = "/" }, response) => this.#answer(decodeURIComponent(url.slice(1)), response));
  }

  static async start(packed: Packed): Promise<Registry> {
    const registry = new Registry(packed);
    await new Promise<void>((resolve) => registry.#server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  #add(folder: string, tarball: () => Buffer): void {
    const { devDependencies: _, scripts: __, ...manifest } = JSON.parse(
      readFileSync(join(folder, "package.json"), "utf8"),
    ) as {
      readonly name: string;
      readonly version: string;
      readonly devDependencies?: object;
      readonly scripts?: object;
    };
    const versions = this.#packages.get(manifest.name) ?? new Map();
    let made: Buffer | undefined;
    versions.set(manifest.version, { manifest, tarball: () => made ??= tarball() });
    this.#packages.set(manifest.name, versions);
  }

  /** `name` for what there is of a package, `name/version.tgz` for one of it. */
  #answer(path: string, response: ServerResponse): void {
    const [, name = path, wanted = ""] = /^(.+)\/([^/]+)\.tgz$/.exec(path) ?? [];
    const versions = this.#packages.get(name);
    if (versions === undefined) return void response.writeHead(404).end("{}");
    if (wanted !== "") return void response.end(versions.get(wanted)?.tarball());
    const described = [...versions].map(([version, { manifest, tarball }]) => {
      const integrity = `sha512-${createHash("sha512").update(tarball()).digest("base64")}`;
      return [version, { ...manifest, dist: { tarball: `${this.url}${name}/${version}.tgz`, integrity } }];
    });
    const [latest] = [...versions.keys()].toSorted(Bun.semver.order).slice(-1);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ name, "dist-tags": { latest }, versions: Object.fromEntries(described) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function packedFolder(folder: string): Buffer {
  const { status, stdout, stderr } = spawnSync(
    "tar",
    ["-cz", "-C", folder, "--exclude=./node_modules", "--transform", "s,^\\.,package,", "."],
    { maxBuffer: 2 ** 28 },
  );
  if (status !== 0) throw new Error(`${folder} cannot be packed: ${stderr}`);
  return stdout;
}
