/**
 * Connections that say EHLO and then nothing more. Prints `ready` once all have been answered; they end with standard
 * input.
 *
 * `bun bench/load/idle.ts PORT CONNECTIONS`
 */

import { connect } from "node:net";
import process from "node:process";

const [port = 2525, connections = 1000] = process.argv.slice(2).map(Number);

/** How many may be on their way at a time: more than a listener's backlog would be refused. */
const abreast = 100;

function open(at: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // One address has too few ports for many connections to one place; 127.0.0.0/8 is all this machine's own.
    const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.0.${2 + at % 8}` });
    let text = "";
    socket.on("data", (chunk) => {
      const isGreeting = text === "";
      text += chunk.toString("latin1");
      if (isGreeting) socket.write("EHLO client.test\r\n");
      if (/^250 /m.test(text)) resolve();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`The server closed a connection: ${text}`)));
  });
}

let begun = 0;

async function openMany(): Promise<void> {
  while (begun < connections) await open(begun++);
}

await Promise.all(Array.from({ length: abreast }, openMany));
console.log("ready");
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
