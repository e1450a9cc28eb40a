/**
 * A server and its client in one process, with OpenTelemetry's SDK or without; prints the spans as JSON, or whether the
 * API was loaded. Arguments: the runtime, and `sdk` or `none`.
 */

import { createRequire } from "node:module";
import { connect } from "node:net";
import process from "node:process";
import { configureSync } from "@logtape/logtape";
import { password, Postern, type ServeOptions } from "postern";
import type { Serve } from "../../src/cli/serve.ts";

const [runtime = "", mode = ""] = process.argv.slice(2);
const { serve } = await import(`postern/${runtime}`) as { serve: Serve };

// One that hears nothing: a handler that throws is not what the spans' reader wants on its standard error.
configureSync({ sinks: {}, loggers: [{ category: ["logtape", "meta"], lowestLevel: "fatal" }] });

const app = new Postern();
app.auth(password((user, secret) => user === "carol@login.test" && secret === "wonderland"));
let inHandler = async (): Promise<void> => {};
app.rcpt("*@example.com", (c) => c.body(null, 204));
app.deliver("throw@example.com", () => {
  throw new TypeError("the handler failed");
});
app.command("XTRAP", () => {
  throw Object.defineProperty(new Error("x"), "message", {
    get() {
      throw new Error("the message of the error throws");
    },
  });
});
app.deliver("*", async (c) => {
  // After a turn of the event loop the context is still the handler's.
  await new Promise((resolve) => setTimeout(resolve, 5));
  await inHandler();
  return c.body(null, 204);
});

/** Says lines one after the other's replies, and waits for the end. */
async function converse(options: ServeOptions): Promise<void> {
  const server = await serve(app, {
    port: 0,
    hostname: "127.0.0.1",
    name: "mx.test",
    allowInsecureAuth: true,
    ...options,
  });
  const socket = connect(server.port, "127.0.0.1");
  const lines = [
    "EHLO c.test",
    `AUTH PLAIN ${btoa("\0carol@login.test\0wonderland")}`,
    "XTRAP",
    "MAIL FROM:<a@b.test>",
    "RCPT TO:<b@example.com>",
    "DATA",
    "Subject: x\r\n\r\nhi\r\n.",
  ];
  lines.push("MAIL FROM:<a@b.test>", "RCPT TO:<throw@example.com>", "DATA", "Subject: y\r\n\r\nhi\r\n.", "QUIT");
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk;
    if (!/^\d{3} .*\r\n$/m.test(received)) return;
    received = "";
    const line = lines.shift();
    if (line !== undefined) socket.write(`${line}\r\n`);
  });
  await new Promise((resolve) => socket.once("close", resolve));
  await server.close();
}

if (mode === "none") {
  await converse({});
  const cache = Object.keys(createRequire(import.meta.url).cache ?? {});
  const isRegistered = Reflect.get(globalThis, Symbol.for("opentelemetry.js.api.1")) !== undefined;
  const loaded = cache.filter((path) => path.includes("opentelemetry"));
  console.log(JSON.stringify({ isRegistered, loaded }));
} else {
  const { context, trace } = await import("@opentelemetry/api");
  const { AsyncLocalStorageContextManager } = await import("@opentelemetry/context-async-hooks");
  const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = await import(
    "@opentelemetry/sdk-trace-base"
  );
  const exporter = new InMemorySpanExporter();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  inHandler = () =>
    trace.getTracer("app").startActiveSpan("store", (span) => {
      span.end();
      return Promise.resolve();
    });
  await converse(mode === "off" ? { tracing: false } : {});
  const spans = exporter.getFinishedSpans().map((span) => ({
    id: span.spanContext().spanId,
    parent: span.parentSpanContext?.spanId ?? null,
    trace: span.spanContext().traceId,
    name: span.name,
    kind: span.kind,
    attributes: span.attributes,
    status: span.status,
    events: span.events.map(({ name, attributes }) => ({ name, message: attributes?.["exception.message"] })),
  }));
  console.log(JSON.stringify(spans));
}
process.exit(0);
