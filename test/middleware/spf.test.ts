import { expect, test } from "bun:test";
import { Postern } from "postern";
import { staticResolver, type StaticTable } from "postern/dns";
import { spf, type SpfOptions, type SpfVariables } from "postern/spf";
import { send, type SendResult } from "postern/testing";
import { asUser } from "./as-user.ts";

const zone: StaticTable = {
  "pass.test": { TXT: ["v=spf1 ip4:192.0.2.0/24 -all"] },
  "fail.test": { TXT: ["v=spf1 -all exp=why.fail.test"] },
  "why.fail.test": { TXT: ["%{i} is not one of ours"] },
  "soft.test": { TXT: ["v=spf1 ~all"] },
  "broken.test": { TXT: ["v=spf1 nonsense"] },
  "down.test": "servfail",
  "helo.test": { TXT: ["v=spf1 -all"] },
};

interface Seen {
  readonly result: SendResult;
  readonly verdict?: string | undefined;
  readonly field?: string | undefined;
}

async function through(from: string, options: SpfOptions = {}, given: {
  user?: string;
  helo?: string;
  remoteAddress?: string;
  as?: "mail" | "use";
} = {}): Promise<Seen> {
  const app = new Postern<{ Variables: SpfVariables }>();
  app.connect(asUser(given.user));
  const middleware = spf({ resolver: staticResolver(zone), ...options });
  if (given.as === "use") app.use(middleware);
  else app.mail(middleware);
  let verdict: string | undefined;
  let field: string | undefined;
  app.deliver("*", (c) => {
    verdict = c.var.spf?.result;
    field = c.var.mail.headers.get("received-spf");
    return c.body(null, 204);
  });
  const mail = { from, to: "b@y.test", data: "Subject: x\n\nx\n", helo: given.helo ?? "client.test" };
  const result = await send(app, mail, { remoteAddress: given.remoteAddress ?? "192.0.2.1" });
  return { result, verdict, field };
}

test.each(["mail", "use"] as const)(
  "app.%s(spf()) finds the verdict, hands it on and stamps the message",
  async (as) => {
    const { result, verdict, field } = await through("a@pass.test", {}, { as });
    expect(result.data?.code).toBe(250);
    expect(verdict).toBe("pass");
    expect(field).toStartWith("pass (mx.test: pass.test designates 192.0.2.1 as permitted sender)");
    expect(field).toContain("identity=mailfrom");
  },
);

test.each([
  ["a@pass.test", "pass", 250],
  ["a@fail.test", "fail", 550],
  ["a@soft.test", "softfail", 250],
  ["a@broken.test", "permerror", 250],
  ["a@down.test", "temperror", 451],
  ["a@nothing.test", "none", 250],
])("with reject fail and defer temperror, %s is %s: %i", async (from, verdict, code) => {
  const seen = await through(from, { reject: ["fail"], defer: ["temperror"] });
  expect(seen.result.mail.code).toBe(code);
  if (code === 250) expect(seen.verdict).toBe(verdict);
  else expect(seen.result.data).toBeUndefined();
});

test.each(["a@fail.test", "a@down.test", "a@broken.test"])("without options %s is only reported", async (from) => {
  expect((await through(from)).result.data?.code).toBe(250);
});

test("the refusal has RFC 7372's code and says whose words the explanation is", async () => {
  const { result } = await through("a@fail.test", { reject: ["fail"] });
  expect(result.mail.raw).toBe(
    "550 5.7.23 SPF fail: 192.0.2.1 may not send for fail.test; fail.test explains: 192.0.2.1 is not one of ours",
  );
  expect((await through("a@broken.test", { reject: ["permerror"] })).result.mail.raw).toStartWith("550 5.7.24 ");
  expect((await through("a@down.test", { defer: ["temperror"] })).result.mail.raw).toStartWith("451 4.7.24 ");
});

test("the null sender is checked by its HELO name", async () => {
  const { result } = await through("", { reject: ["fail"] }, { helo: "helo.test" });
  expect(result.mail.enhanced).toBe("5.7.23");
  const { verdict, field } = await through("", {}, { helo: "pass.test" });
  expect(verdict).toBe("pass");
  expect(field).toContain("identity=helo");
});

test.each([
  ["authenticated", {}, { user: "alice" }],
  ["listed", { except: ["192.0.2.0/24"] }, {}],
  ["local", {}, { remoteAddress: "" }],
])("a client that is %s is not looked at", async (_, options, given) => {
  const seen = await through("a@fail.test", { reject: ["fail"], ...options }, given);
  expect(seen.result.data?.code).toBe(250);
  expect(seen.verdict).toBeUndefined();
  expect(seen.field).toBeUndefined();
});

test("one check serves two middlewares, and is stamped once", async () => {
  let asked = 0;
  const records = staticResolver(zone);
  const resolver: typeof records = {
    resolve(...question) {
      asked++;
      return records.resolve(...question);
    },
  };
  const app = new Postern();
  app.use(spf({ resolver }));
  app.mail(spf({ resolver, reject: ["fail"] }));
  let fields = 0;
  app.deliver("*", (c) => {
    fields = c.var.mail.headers.getAll("received-spf").length;
    return c.body(null, 204);
  });
  const result = await send(app, { from: "a@pass.test", to: "b@y.test", data: "x\n" }, { remoteAddress: "192.0.2.1" });
  expect(result.data?.code).toBe(250);
  expect([asked, fields]).toEqual([1, 1]);
});

test("the verdict of one message is not that of the next", async () => {
  const app = new Postern<{ Variables: SpfVariables }>();
  app.use(spf({ resolver: staticResolver(zone) }));
  const seen: (string | undefined)[] = [];
  app.mail((c) => {
    seen.push(c.var.spf?.result);
    return c.body(null, 204);
  });
  app.deliver("*", (c) => c.body(null, 204));
  const { dialogue } = await import("postern/testing");
  await dialogue(
    app,
    "S: 220\nC: EHLO c.test\nS: 250\nC: MAIL FROM:<a@pass.test>\nS: 250\nC: RSET\nS: 250\nC: MAIL FROM:<a@fail.test>\nS: 250\nC: QUIT\nS: 221",
    { remoteAddress: "192.0.2.1" },
  );
  expect(seen).toEqual(["pass", "fail"]);
});

test("header: false stamps nothing", async () => {
  expect((await through("a@pass.test", { header: false })).field).toBeUndefined();
});
