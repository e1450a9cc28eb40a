/** Clients that go in the middle of TLS: of the handshake, of a record, of what is in it. */

import { afterAll, beforeAll, describe, expect } from "bun:test";
import { connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { serving } from "../conformance/conformance.ts";
import { until } from "../conformance/limits.ts";
import { Certificates, missing } from "../tls/certificates.ts";
import { everywhere, startRuntimes } from "./everywhere.ts";

const turns = [
  "EHLO c.test\r\n",
  "MAIL FROM:<a@x.test>\r\n",
  "RCPT TO:<b@y.test>\r\n",
  "DATA\r\n",
  "Subject: x\r\n\r\nbody\r\n.\r\n",
  "QUIT\r\n",
];

/** Passes on what a client says, up to an octet, and then ends the server's connection; counts what it passed on. */
class Cutter implements AsyncDisposable {
  readonly #server: Server;
  passed = 0;

  constructor(port: number, octets: number, how: "end" | "resetAndDestroy") {
    this.#server = createServer((client) => {
      const server = connect({ port, host: "127.0.0.1" });
      for (const socket of [client, server]) socket.on("error", () => {});
      server.on("data", (bytes) => client.write(bytes)).on("close", () => client.destroy());
      client.on("data", (bytes) => {
        const part = bytes.subarray(0, octets - this.passed);
        this.passed += part.length;
        server.write(part);
        if (this.passed >= octets) server[how]();
      }).on("close", () => server.destroy());
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Holds the dialogue as far as it gets. */
async function hold(port: number): Promise<void> {
  const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
  const gone = new Promise<false>((resolve) => socket.once("close", () => resolve(false)));
  socket.on("error", () => {});
  for (const turn of ["", ...turns]) {
    if (turn !== "") socket.write(turn);
    if (!await Promise.race([replied(socket), gone])) return;
  }
  socket.end();
  await gone;
}

function replied(socket: Socket): Promise<true> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", function take(bytes) {
      text += Buffer.from(bytes).toString();
      if (!/^\d{3} .*\r\n$/m.test(text)) return;
      socket.off("data", take);
      resolve(true);
    });
  });
}

describe.skipIf(missing !== undefined)("TLS", () => {
  startRuntimes();
  let certificates: Certificates;
  beforeAll(() => {
    certificates = new Certificates();
    certificates.server("default", "localhost");
  });
  afterAll(() => certificates.remove());

  for (const how of ["end", "resetAndDestroy"] as const) {
    everywhere(`cut off all along its way, by ${how === "end" ? "FIN" : "RST"}: nothing is left`, async (subject) => {
      const { runtime } = subject;
      const options = { tls: certificates.of("default"), implicitTls: true, maxConnectionsPerAddress: 1000 };
      await serving(subject, "conformance", options, async (served) => {
        const hear = async (octets: number): Promise<number> => {
          const cutter = new Cutter(served.port, octets, how);
          await hold(await cutter.listen());
          await cutter[Symbol.asyncDispose]();
          return cutter.passed;
        };
        const whole = await hear(Infinity);
        expect((await served.deliveries()).length).toBe(1);
        await until(async () => await served.sessions() === 0);
        await runtime.log();
        const before = await runtime.files();
        for (let octets = 1; octets < whole; octets += 41) await hear(octets);
        await until(async () => await served.sessions() === 0);
        await until(async () => await runtime.files() <= before + 2);
        expect((await runtime.log()).filter((line) => line.startsWith("error") || line.startsWith("fatal"))).toEqual(
          [],
        );
        // Nobody gets a message of which the end is missing.
        expect((await served.deliveries()).filter(({ content }) => content !== "Subject: x\r\n\r\nbody\r\n")).toEqual(
          [],
        );
        await hear(Infinity);
        expect((await served.deliveries()).length).toBe(1);
      });
    });
  }
});
