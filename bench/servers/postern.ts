/**
 * Postern as a contestant: every check on, a handler that reads the body, the log of production.
 *
 * Arguments: the port, and where TLS is wanted the files of a certificate and of its key. WORKERS in the environment is
 * the number of processes.
 */

import process from "node:process";
import { type Mail, type MailHandler, Postern, type ServeOptions, type Server } from "postern";
import { configureProductionLog } from "./log.ts";

/** Reads a message, and tells how much it was. */
export type Reader = (mail: Mail) => Promise<number>;

/** Piece by piece. */
async function piecewise(mail: Mail): Promise<number> {
  let octets = 0;
  for await (const chunk of mail) octets += chunk.length;
  return octets;
}

/** Serves on one of the runtimes until the process is killed. */
export async function compete(
  serve: (handler: MailHandler, options?: ServeOptions) => Promise<Server>,
  read: Reader = piecewise,
): Promise<void> {
  const [port, cert, key] = process.argv.slice(2);
  configureProductionLog();
  const app = new Postern();
  app.deliver("*", async (c) => {
    const octets = await read(c.var.mail);
    return octets > 0 ? c.body(null, 204) : c.body(null, 500);
  });
  const tls = cert === undefined || key === undefined ? {} : { tls: { cert, key } };
  const options = {
    port: Number(port),
    hostname: "127.0.0.1",
    name: "mx.test",
    maxConnections: 50_000,
    maxConnectionsPerAddress: 50_000,
    limits: { transactions: 1_000_000_000 },
    // Idle clients are to stay.
    timeouts: { command: 3_600_000 },
    workers: Number(process.env["WORKERS"] ?? 1),
    ...tls,
  };
  await serve(app, options);
  // Profiles are written at a process's own end.
  process.on("SIGTERM", () => process.exit(0));
}
