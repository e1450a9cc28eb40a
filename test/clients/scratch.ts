/**
 * Temporary folders and free ports.
 *
 * @module
 */

import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is removed with all its contents when the `await using` block that holds it is left. */
export class Scratch implements AsyncDisposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The path of a file in the folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file and returns its path. */
  async write(name: string, data: string | Uint8Array, mode = 0o644): Promise<string> {
    const path = this.file(name);
    await writeFile(path, data, { mode });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Makes a folder. With `shared`, other users (Postfix's, Exim's) may pass through it. */
export async function scratch(prefix: string, options: { readonly shared?: boolean } = {}): Promise<Scratch> {
  const path = await mkdtemp(join(tmpdir(), `postern-${prefix}-`));
  if (options.shared) await chmod(path, 0o755);
  return new Scratch(path);
}

/** A TCP port of 127.0.0.1 that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Resolves when somebody listens on a TCP port of 127.0.0.1; rejects after `timeoutMs`. The probe sends nothing. */
export async function listening(port: number, timeoutMs = 10_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!await accepts(port)) {
    if (Date.now() > end) throw new Error(`nobody listens on 127.0.0.1:${port} after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
