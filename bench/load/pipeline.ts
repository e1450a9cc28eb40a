/**
 * A client that pipelines as far as RFC 2920 lets it: the end of one message and MAIL, RCPT and DATA of the next leave
 * in one write, and many connections do so at the same time.
 *
 * `bun bench/load/pipeline.ts PORT MESSAGES OCTETS CONNECTIONS`
 */

import { connect } from "node:net";
import process from "node:process";

const [port = 2525, messages = 1000, octets = 1024, connections = 100] = process.argv.slice(2).map(Number);

const line = `${"x".repeat(78)}\r\n`;
const header = "From: load@client.test\r\nTo: load@server.test\r\nSubject: load\r\n\r\n";
const group = "MAIL FROM:<load@client.test>\r\nRCPT TO:<load@server.test>\r\nDATA\r\n";
const message = `${header}${line.repeat(Math.max(1, Math.ceil((octets - header.length) / line.length)))}.\r\n`;
const encoder = new TextEncoder();
const first = encoder.encode(`${group}`);
const next = encoder.encode(message + group);
const last = encoder.encode(`${message}QUIT\r\n`);

let begun = 0;

/** Sends message after message until all are begun; resolves when the server has answered the last and closed. */
function send(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let state: "greeting" | "hello" | "mail" | "goodbye" = "greeting";
    let rest = "";
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      const lines = (rest + chunk.toString("latin1")).split("\r\n");
      rest = lines.pop() ?? "";
      for (const reply of lines) {
        if (reply[3] === "-") continue;
        if (!/^[23]/.test(reply)) return void socket.destroy(new Error(`The server said: ${reply}`));
        if (state === "greeting") {
          socket.write("EHLO client.test\r\n");
          state = "hello";
        } else if (state === "hello") {
          begun++;
          socket.write(first);
          state = "mail";
        } else if (reply.startsWith("354")) {
          const isLast = begun++ >= messages;
          socket.write(isLast ? last : next);
          if (isLast) state = "goodbye";
        }
      }
    });
    socket.on("error", reject);
    socket.on("close", () => state === "goodbye" ? resolve() : reject(new Error("The server closed the connection")));
  });
}

try {
  await Promise.all(Array.from({ length: Math.min(connections, messages) }, send));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
