/**
 * npm's smtp-server as a contestant, with the body read, nothing logged, and no name looked up.
 *
 * Arguments: the port, the module's path, and where TLS is wanted the files of a certificate and of its key.
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import type { Readable } from "node:stream";
import { pathToFileURL } from "node:url";

/** What of the package is used: it need not be installed where types are checked. */
interface Module {
  readonly SMTPServer: new (options: object) => {
    listen(port: number, host: string): void;
    on(event: "error", listener: () => void): void;
  };
}

const [port, path, cert, key] = process.argv.slice(2);
const { SMTPServer } = await import(pathToFileURL(path ?? "").href) as Module;

const server = new SMTPServer({
  authOptional: true,
  disableReverseLookup: true,
  logger: false,
  name: "mx.test",
  maxClients: 50_000,
  ...(cert === undefined || key === undefined
    ? { disabledCommands: ["AUTH", "STARTTLS"] }
    : { disabledCommands: ["AUTH"], cert: readFileSync(cert), key: readFileSync(key) }),
  onData(stream: Readable, _session: unknown, callback: () => void) {
    let octets = 0;
    stream.on("data", (chunk: Uint8Array) => octets += chunk.length);
    stream.on("end", () => callback());
  },
});
process.on("SIGTERM", () => process.exit(0));
// A client that goes away is no reason to stop.
server.on("error", () => {});
server.listen(Number(port), "127.0.0.1");
