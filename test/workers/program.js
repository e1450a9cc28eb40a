/** A program that serves with workers: a port, a Unix socket, and TLS on both. Prints where, and stops at a line. */

import process from "node:process";
import app from "./app.js";

const runtime = process.versions["bun"] ? "bun" : process.versions["deno"] ? "deno" : "node";
const { serve } = await import(`postern/${runtime}`);
const [cert = "", key = "", unix = ""] = process.argv.slice(2);
const tls = { cert, key };
const server = await serve(app, {
  name: "mx.test",
  workers: 2,
  tls,
  listeners: [{ port: 0, hostname: "127.0.0.1" }, { unix }],
});
// Only the parent gets here with the others' ports; a worker's program goes on as well.
if (process.argv.includes("--twice")) {
  await serve(app, { workers: 2 }).catch((error) => console.log(`twice: ${error.message}`));
}
console.log(JSON.stringify({ pid: process.pid, ports: server.listeners.map(({ port }) => port) }));
const reload = () => server.reload({ tls }).then(() => "reloaded", (error) => `kept: ${error.message}`);
process.stdin.on("data", async (bytes) => {
  switch (`${bytes}`.trim()) {
    case "reload":
      return console.log(await reload());
    case "connections":
      return console.log(`connections: ${server.connections}, sessions: ${server.sessions.length}`);
    case "close":
      await server.close();
      console.log(await reload());
      console.log("closed");
      process.exit();
  }
});
// Whoever asked is gone. A worker has no input, but a channel.
if (process.send === undefined) process.stdin.on("end", () => process.exit());
