import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, createServer } from "node:net";
import { type ListenerOptions, Postern, type ServeOptions } from "postern";
import { serve } from "postern/bun";
import type { ListenHttp } from "../../src/operations/http.ts";
import { type Listen, start } from "../../src/server.ts";
import { Runtime, runtimeNames, type Served } from "../runtime.ts";
import { WireClient } from "../wire.ts";

/** Status and text of a page. */
async function page({ httpPort }: Served, path: string, init?: RequestInit): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${httpPort}${path}`, init);
  return [response.status, await response.text()];
}

/** What comes back for bytes that `fetch` would not send. */
function raw({ httpPort }: Served, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const socket = connect(httpPort!, "127.0.0.1", () => socket.write(request));
    socket.on("data", (chunk) => heard += chunk).on("error", reject).on("close", () => resolve(heard));
  });
}

const http = { port: 0 };

describe.each(runtimeNames)("HTTP beside SMTP on %s", (name) => {
  let runtime: Runtime;
  beforeAll(async () => void (runtime = await Runtime.start(name)));
  afterAll(async () => await runtime[Symbol.asyncDispose]());

  test("tells how the server is, on the loopback alone", async () => {
    const served = await runtime.serve("operating", { http });
    const response = await fetch(`http://127.0.0.1:${served.httpPort}/healthz`);
    expect([response.status, await response.text()]).toEqual([200, "ok\n"]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await page(served, "/readyz")).toEqual([200, "ok\n"]);
    expect(await page(served, "/readyz", { method: "HEAD" })).toEqual([200, ""]);
    const metrics = await fetch(`http://127.0.0.1:${served.httpPort}/metrics`);
    expect(metrics.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await metrics.text()).toContain("\npostern_connections 0\n");
    // On Linux every address in 127.0.0.0/8 is this machine's, and none but 127.0.0.1 is listened on.
    await expect(fetch(`http://127.0.0.2:${served.httpPort}/healthz`)).rejects.toThrow();
    await served.close();
  });

  test("serves the app's own routes, with its bindings, and no stage", async () => {
    const served = await runtime.serve("operating", { http, env: { word: "bound" } });
    expect(await page(served, "/tickets")).toEqual([200, '{"tickets":0,"bound":"bound"}']);
    expect(await page(served, "/boom")).toEqual([500, ""]);
    expect(await page(served, "/nowhere")).toEqual([404, "404 Not Found"]);
    for (const path of ["/deliver/example.com/a", "/connect", "/data", "/command/XTICKET"]) {
      expect((await page(served, path, { method: "POST" }))[0]).toBe(404);
      expect((await page(served, path))[0]).toBe(404);
    }
    expect((await page(served, "/healthz", { method: "POST" }))[0]).toBe(404);
    await served.close();
  });

  test("is there again soon for others when clients never finish their requests", async () => {
    const served = await runtime.serve("operating", { http });
    await using hogs = new AsyncDisposableStack();
    for (let count = 0; count < 64; count++) {
      const hog = connect(served.httpPort!, "127.0.0.1", () => hog.write("GET /heal")).on("error", () => {});
      hogs.defer(() => void hog.destroy());
    }
    const request = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    while (!(await raw(served, request).catch(() => "")).startsWith("HTTP/1.1 200")) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await served.close();
  }, 30_000);

  test("answers checks that name no host, and refuses an app's request for what is none", async () => {
    const served = await runtime.serve("operating", { http });
    expect(await raw(served, "GET /healthz HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.[01] 200 /);
    for (const host of ["a b", "evil@x:99999", "[::1", "%ff"]) {
      const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      // Node refuses it before anybody is asked.
      expect(await raw(served, request("/healthz"))).toMatch(/^HTTP\/1\.1 (?:200|400) /);
      expect(await raw(served, request("/tickets"))).toStartWith("HTTP/1.1 400 ");
    }
    await served.close();
  });

  test("answers during the drain, and not after it", async () => {
    const served = await runtime.serve("operating", { http });
    const client = await WireClient.connect({ port: served.port });
    await client.reply();
    await client.command("EHLO client.test");
    await client.command("MAIL FROM:<a@none.test>");
    await client.command("RCPT TO:<hold@example.com>");
    await client.command("DATA");
    client.write("Subject: held\r\n\r\n.\r\n");
    expect((await page(served, "/held"))[0]).toBe(204);
    const closed = served.close();
    // The order to close takes another way.
    for (let tries = 0; (await page(served, "/healthz"))[0] === 200 && tries < 500; tries++) continue;
    expect(await page(served, "/healthz")).toEqual([503, "draining\n"]);
    expect(await page(served, "/readyz")).toEqual([503, "draining\n"]);
    expect((await page(served, "/tickets"))[0]).toBe(200);
    expect((await page(served, "/release", { method: "POST" }))[0]).toBe(204);
    expect((await client.reply()).code).toBe(250);
    expect((await client.reply()).code).toBe(421);
    await closed;
    await expect(page(served, "/healthz")).rejects.toThrow();
  });

  test("a port that is taken is an error, and leaves no listener behind", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    const { port } = taken.address() as { port: number };
    const free = createServer().listen(0, "127.0.0.1");
    const { port: smtp } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    const serving = runtime.serve("operating", { port: smtp, http: { port } });
    await expect(serving).rejects.toThrow(
      `HttpListenError: Cannot serve HTTP on 127.0.0.1:${port}: the port is in use`,
    );
    await expect(WireClient.connect({ port: smtp })).rejects.toThrow("ECONNREFUSED");
    await new Promise((resolve) => taken.close(resolve));
    // And the other way round: without its SMTP port there is no HTTP.
    const served = await runtime.serve("operating");
    await expect(runtime.serve("operating", { port: served.port, http: { port } })).rejects.toThrow();
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
    await served.close();
  });

  test("without the option there is none, and nothing is counted", async () => {
    const served = await runtime.serve("operating");
    expect(served.httpPort).toBe(0);
    await expect(served.metrics()).rejects.toThrow("serve with metrics: true, or with http");
    await served.close();
    const counting = await runtime.serve("operating", { metrics: true });
    expect(await counting.metrics()).toContain("\npostern_connections_total 0\n");
    await counting.close();
    const silent = await runtime.serve("operating", { http, metrics: false });
    expect((await page(silent, "/metrics"))[0]).toBe(404);
    await silent.close();
  });
});

describe("an app's own routes by the names of the pages", () => {
  test("are asked, but for a server that drains", async () => {
    const app = new Postern();
    let isWell = true;
    app.get("/healthz", (c) => isWell ? c.text("database ok") : c.text("no database", 503));
    app.get("/metrics", (c) => c.text("mine"));
    let release = (): void => {};
    let arrived = (): void => {};
    const released = new Promise<void>((resolve) => release = resolve);
    const here = new Promise<void>((resolve) => arrived = resolve);
    app.connect(async (c) => {
      arrived();
      await released;
      return c.body(null, 204);
    });
    const server = await serve(app, { port: 0, hostname: "127.0.0.1", http });
    const read = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${server.http?.port}${path}`);
      return [response.status, await response.text()];
    };
    expect(await read("/healthz")).toEqual([200, "database ok"]);
    expect(await read("/readyz")).toEqual([200, "ok\n"]);
    expect(await read("/metrics")).toEqual([200, "mine"]);
    isWell = false;
    expect(await read("/healthz")).toEqual([503, "no database"]);
    isWell = true;
    const client = await WireClient.connect({ port: server.port });
    await here;
    const closed = server.close();
    expect(await read("/healthz")).toEqual([503, "draining\n"]);
    release();
    await client.closed();
    await closed;
  });
});

test.each<[string, ServeOptions & ListenerOptions, string]>([
  ["a port that is none", { http: { port: 65_536 } }, "Cannot serve HTTP on port 65536"],
  ["no port", { http: {} as never }, "Cannot serve HTTP: http needs a port"],
  ["no address", { http: { port: 0, hostname: "" } }, "Cannot serve HTTP on an empty hostname"],
])("%s is an error", async (_, options, message) => {
  await expect(serve(new Postern(), { port: 0, hostname: "127.0.0.1", ...options })).rejects.toThrow(message);
});

test("it is not ready until its listeners are bound", async () => {
  const heard: string[] = [];
  /** A port that takes its time to be bound: long enough to ask. */
  const listen: Listen = async () => {
    for (const path of ["/readyz", "/healthz"]) {
      const response = await fetch(`http://127.0.0.1:${pages!.port}${path}`);
      heard.push(`${response.status} ${await response.text()}`);
    }
    return { port: 25, hostname: "127.0.0.1", close() {} };
  };
  let pages: Bun.Server<undefined> | undefined;
  const listenHttp: ListenHttp = ({ port, hostname }, answer) => {
    const made = pages = Bun.serve({ port, hostname, fetch: (request) => answer(request, {}) });
    const close = () => made.stop();
    return Promise.resolve({ port: made.port!, hostname, close, destroy: () => void made.stop(true) });
  };
  await using server = await start(new Postern(), { http }, listen, undefined, listenHttp);
  expect(heard).toEqual(["503 not listening yet\n", "200 ok\n"]);
  expect((await fetch(`http://127.0.0.1:${server.http!.port}/readyz`)).status).toBe(200);
});
