/** Hono's own middleware, and a stranger's, as they are, on mail. */

import { expect, test } from "bun:test";
import { ipRestriction } from "hono/ip-restriction";
import { logger } from "hono/logger";
import { requestId, type RequestIdVariables } from "hono/request-id";
import { timeout } from "hono/timeout";
import { timing, type TimingVariables } from "hono/timing";
import { rateLimiter } from "hono-rate-limiter";
import { getConnInfo, Postern, stageOf } from "postern";
import { send, type SendResult } from "postern/testing";

function through(app: Postern, remoteAddress = "192.0.2.1"): Promise<SendResult> {
  return send(app, { from: "a@x.test", to: "b@y.test", data: "x\n" }, { remoteAddress });
}

test("logger writes a line for each stage that has something to say", async () => {
  const lines: string[] = [];
  const app = new Postern();
  app.use(logger((line) => lines.push(line.replace(/\x1b\[\d+m/g, ""))));
  app.deliver("*", (c) => c.text("Thanks"));
  expect((await through(app)).data?.raw).toBe("250 2.0.0 Thanks");
  expect(lines).toContain("<-- POST /deliver/y.test/b");
  expect(lines.some((line) => /^--> POST \/deliver\/y\.test\/b 200 \d/.test(line))).toBe(true);
  expect(lines.filter((line) => line.startsWith("<--")).map((line) => line.split("/")[1])).toEqual([
    "connect",
    "helo",
    "mail",
    "rcpt",
    "data",
    "deliver",
    "disconnect",
  ]);
});

test("request-id gives each decision an id, or takes the session's", async () => {
  const ids: string[] = [];
  const app = new Postern<{ Variables: RequestIdVariables }>();
  app.use(requestId({ generator: (c) => `${c.var.session.id}-${stageOf(c)}` }));
  app.deliver("*", (c) => {
    ids.push(c.get("requestId"));
    return c.body(null, 204);
  });
  expect((await through(app as unknown as Postern)).data?.code).toBe(250);
  expect(ids[0]).toEndWith("-deliver");
});

test("timing measures a handler", async () => {
  let header: string | null = null;
  const app = new Postern<{ Variables: TimingVariables }>();
  app.use(async (c, next) => {
    await next();
    if (stageOf(c) === "deliver") header = c.res.headers.get("server-timing");
  });
  app.use(timing());
  app.deliver("*", (c) => c.body(null, 204));
  expect((await through(app as unknown as Postern)).data?.code).toBe(250);
  expect(header as string | null).toContain("total;dur=");
});

test("timeout makes a slow handler's message one to try again", async () => {
  const app = new Postern();
  app.use(timeout(30));
  app.deliver("*", () => new Promise<Response>(() => {}));
  expect((await through(app)).data?.code).toBe(451);
});

test.each([["192.0.2.1", "550 5.7.1"], ["198.51.100.1", "220"]])(
  "ip-restriction on the connection of %s: %s",
  async (address, reply) => {
    const app = new Postern();
    app.connect(ipRestriction(getConnInfo, { denyList: ["192.0.2.0/24"] }));
    app.deliver("*", (c) => c.body(null, 204));
    expect((await through(app, address)).greeting.raw).toStartWith(reply);
  },
);

test("getConnInfo tells family and port, nothing on a Unix socket, and refuses HTTP", async () => {
  const seen: unknown[] = [];
  const app = new Postern();
  app.connect((c) => {
    seen.push(getConnInfo(c).remote);
    return c.body(null, 204);
  });
  app.get("/", (c) => c.text(String(getConnInfo(c))));
  for (const address of ["192.0.2.1", "2001:db8::1", ""]) await through(app, address);
  expect(seen).toEqual([
    { transport: "tcp", address: "192.0.2.1", addressType: "IPv4", port: 50_000 },
    { transport: "tcp", address: "2001:db8::1", addressType: "IPv6", port: 50_000 },
    { transport: "tcp" },
  ]);
  expect((await app.request("/")).status).toBe(500);
});

test("hono-rate-limiter counts what it is told to, and its 429 is a 451", async () => {
  const app = new Postern();
  app.mail(
    rateLimiter({ windowMs: 60_000, limit: 2, keyGenerator: (c) => getConnInfo(c).remote.address ?? "" }) as never,
  );
  app.deliver("*", (c) => c.body(null, 204));
  const replies: string[] = [];
  for (let at = 0; at < 3; at++) replies.push((await through(app)).mail.raw);
  expect(replies.map((reply) => reply.slice(0, 9))).toEqual(["250 2.1.0", "250 2.1.0", "451 4.7.0"]);
});
