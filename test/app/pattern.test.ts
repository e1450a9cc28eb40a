import { describe, expect, test } from "bun:test";
import { Postern } from "postern";
import { send } from "postern/testing";
import { compilePattern } from "../../src/app/pattern.ts";

/** What a route of this pattern was given for a recipient; undefined when the recipient was refused. */
async function routed(pattern: string, to: string): Promise<Record<string, string> | undefined> {
  const app = new Postern();
  let params: Record<string, string> | undefined;
  app.deliver(pattern as string, (c) => {
    params = { ...c.req.param() as Record<string, string> };
    for (const name in params) expect(c.req.param(name as never)).toBe(params[name] as never);
    return c.body(null, 204);
  });
  const { rcpt, data } = await send(app, { from: "", to, data: "", parameters: "SMTPUTF8" });
  expect(rcpt[0]?.raw).toStartWith(params === undefined ? "550 5.1.1" : "250");
  expect(data?.code).toBe(params === undefined ? undefined : 250);
  return params;
}

describe("a pattern takes", () => {
  test.each<[pattern: string, to: string, params: Record<string, string>]>([
    ["support@example.com", "support@example.com", {}],
    ["support@example.com", "SUPPORT@EXAMPLE.COM", {}],
    ["SUPPORT@EXAMPLE.COM", "support@example.com", {}],
    ["support@example.com", '"support"@example.com', {}],
    ["*", "anybody@anywhere.test", {}],
    ["*@example.com", "anybody@example.com", {}],
    ["*@*", "anybody@anywhere.test", {}],
    [":user@example.com", "Jane@Example.com", { user: "jane" }],
    [":user@:domain", "a@x.test", { user: "a", domain: "x.test" }],
    ["info@:domain", "info@x.test", { domain: "x.test" }],
    ["*@:domain", "a@x.test", { domain: "x.test" }],
    // Parts of a segment
    ["reply+:token@example.com", "reply+abc-123@example.com", { token: "abc-123" }],
    ["reply+:token@example.com", "Reply+ABC@example.com", { token: "abc" }],
    ["reply+:token@example.com", "reply+a+b@example.com", { token: "a+b" }],
    [":user+bounce@example.com", "jane+bounce@example.com", { user: "jane" }],
    ["b-:id-x@example.com", "b-7-x@example.com", { id: "7" }],
    [":user@:tenant.example.com", "a@acme.example.com", { user: "a", tenant: "acme" }],
    ["a@mx-:n.example.com", "a@mx-2.example.com", { n: "2" }],
    ["reply+:token@:tenant.example.com", "reply+t@acme.example.com", { token: "t", tenant: "acme" }],
    ["a=b&c+:token@example.com", "a=b&c+t@example.com", { token: "t" }],
    ["a/b+:t@example.com", "a/b+/x/@example.com", { t: "/x/" }],
    ["a%:t@example.com", "a%41@example.com", { t: "41" }],
    ["x日本+:t@example.com", "x日本+本@example.com", { t: "本" }],
    // Odd local parts (RFC 5321 section 4.1.2)
    ["o'neil@example.com", "o'neil@example.com", {}],
    ["a/b@example.com", "a/b@example.com", {}],
    ["a/b@:domain", "a/b@example.com", { domain: "example.com" }],
    ["a%41b@example.com", "a%41b@example.com", {}],
    ["a%41b@:domain", "a%41b@example.com", { domain: "example.com" }],
    ["a?b#c@example.com", "a?b#c@example.com", {}],
    ["a?b#c@:domain", "a?b#c@example.com", { domain: "example.com" }],
    ["!$&'+-=^_`~@:domain", "!$&'+-=^_`~@example.com", { domain: "example.com" }],
    ['"a b"@example.com', '"a b"@example.com', {}],
    ['"a b"@:domain', '"a\\ b"@example.com', { domain: "example.com" }],
    ['"A@B"@example.com', '"a@b"@example.com', {}],
    ['"a(b)[c]\\\\"@:domain', '"a(b)[c]\\\\"@example.com', { domain: "example.com" }],
    ["a.b@:domain", "a.b@example.com", { domain: "example.com" }],
    ...[
      '"a b"',
      "a/b",
      "a%41b",
      "a%2Fb",
      "%",
      "%zz",
      "a*b",
      "{x}",
      "a|b",
      "a?b#c",
      "o'neil",
      '"\\""',
      '"\\\\"',
    ]
      .map((local): [string, string, Record<string, string>] => [
        ":user@example.com",
        `${local}@example.com`,
        { user: local.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1").toLowerCase() },
      ]),
    ["*@example.com", '".."@example.com', {}],
    // These two keep their quotes: without them they would be steps up a path.
    [":user@example.com", '".."@example.com', { user: '".."' }],
    [":user@example.com", '"."@example.com', { user: '"."' }],
    // Internationalized (RFC 6531 section 3.7.1): domains as A-labels, case in ASCII alone
    ["a@bücher.test", "a@xn--bcher-kva.test", {}],
    ["a@xn--bcher-kva.test", "a@bücher.test", {}],
    ["a@BÜCHER.test", "a@bu\u0308cher.test", {}],
    [":user@:domain", "a@bücher.test", { user: "a", domain: "xn--bcher-kva.test" }],
    ["a@:shop.bücher.test", "a@s.xn--bcher-kva.test", { shop: "s" }],
    ["a@bücher.:tld.test", "a@bücher.x.test", { tld: "x" }],
    ["ü@x.test", "ü@x.test", {}],
    ["Ü@x.test", "Ü@x.test", {}],
    ["\u212a@x.test", "\u212a@x.test", {}],
    [":user@x.test", "ÜK@x.test", { user: "Ük" }],
    // Literals, and no domain at all
    ["a@[127.0.0.1]", "a@[127.0.0.1]", {}],
    ["a@[IPv6:2001:db8::1]", "a@[IPv6:2001:DB8::1]", {}],
    [":user@[IPv6:::1]", "a@[ipv6:::1]", { user: "a" }],
    [":user@:domain", "a@[127.0.0.1]", { user: "a", domain: "[127.0.0.1]" }],
    ["postmaster@mx.test", "Postmaster", {}],
    ["*@mx.test", '"postmaster"', {}],
    // Names that objects have already
    ["__proto__@:constructor", "__proto__@x.test", { constructor: "x.test" }],
  ])("%j: %j", async (pattern, to, params) => {
    expect(await routed(pattern, to)).toEqual(params);
  });
});

describe("a pattern leaves alone", () => {
  test.each([
    ["support@example.com", "support2@example.com"],
    ["support@example.com", "support+x@example.com"],
    ["support@example.com", "support@example.com.test"],
    ["support@example.com", "support@sub.example.com"],
    ["support@example.com", '"support "@example.com'],
    ["*@example.com", "a@sub.example.com"],
    [":user@:tenant.example.com", "a@example.com"],
    [":user@:tenant.example.com", "a@b.c.example.com"],
    [":user@:tenant.example.com", "a@acme.exampleXcom"],
    [":user@:tenant.example.com", "a@acme.example.com.test"],
    ["reply+:token@example.com", "reply@example.com"],
    ["reply+:token@example.com", "reply-x@example.com"],
    ["reply+:token@example.com", "noreply+x@example.com"],
    ["a?b@:domain", "b@example.com"],
    ["a.b+:t@:domain", "axb+1@example.com"],
    ["k@x.test", "\u212a@x.test"],
    ["s@x.test", "\u017f@x.test"],
    ["i@x.test", "\u0130@x.test"],
    ["ü@x.test", "u\u0308@x.test"],
    ["ü@x.test", "Ü@x.test"],
    ["1@x.test", "１@x.test"],
    ["postmaster@other.test", "Postmaster"],
    ["a%41b@example.com", "aab@example.com"],
    ["aab@example.com", "a%41b@example.com"],
    ["a@b/c@example.com".replace("@b", "%2F"), "a/c@example.com"],
  ])("%j: %j", async (pattern, to) => expect(await routed(pattern, to)).toBeUndefined());
});

describe("a pattern is refused, with what is wrong with it:", () => {
  test.each<[pattern: string, reason: RegExp]>([
    ["", /no local part, or no domain/],
    ["support", /no local part, or no domain/],
    ["@example.com", /no local part, or no domain/],
    ["support@", /no local part, or no domain/],
    ["**", /no local part/],
    ["a@-x.test", /"-x\.test" is not a domain/],
    ["a@x..test", /is not a domain/],
    ["a@x test", /is not a domain/],
    ["a@.", /is not a domain/],
    ["a@[1.2.3]", /is not a domain/],
    ["a@:t..test", /is not a domain/],
    ["a@:t.-", /is not a domain/],
    ["a@*.example.com", /stand for a whole part/],
    ["a*b@example.com", /no part can hold "\*" otherwise/],
    ["a*:t@example.com", /no part can hold "\*"/],
    ["{x}@example.com", /no part can hold "\{" otherwise.*c\.req\.param/],
    ["a|b@:domain", /no part can hold "\|"/],
    [":u{[0-9]+}@x.test", /no part can hold "\{"/],
    ['"a*b"@x.test', /no part can hold "\*"/],
    ["a:@x.test", /no part can hold ":"/],
    [":@x.test", /no part can hold ":"/],
    [":ü@x.test", /no part can hold ":"/],
    [":a:b@x.test", /one parameter/],
    ["a@:b.:c.test", /one parameter/],
    ['"a@x.test', /not a local part/],
    ['"a"b@x.test', /not a local part/],
    ['""@x.test', /not a local part/],
    ["a@:tü.test", /cannot hold a parameter/],
    ["a@ü:t.test", /cannot hold a parameter/],
  ])("%j", (pattern, reason) => {
    expect(() => compilePattern(pattern)).toThrow(TypeError);
    expect(() => compilePattern(pattern)).toThrow(reason);
    expect(() => compilePattern(pattern)).toThrow(`Cannot route "${pattern}"`);
    expect(() => new Postern().deliver(pattern as string, (c) => c.text(""))).toThrow(reason);
  });

  test("a route without a handler", () => {
    expect(() => Reflect.apply(Postern.prototype.deliver, new Postern(), ["a@x.test"])).toThrow(TypeError);
  });
});

describe("parameters, where several routes take the same recipient", () => {
  test("each handler sees its own route's, partial or whole", async () => {
    const app = new Postern();
    const seen: unknown[] = [];
    app.deliver(":all@:domain", async (c, next) => {
      seen.push({ ...c.req.param() });
      await next();
    });
    app.deliver(":user@:tenant.example.com", async (c, next) => {
      seen.push({ ...c.req.param() }, c.req.param("tenant"));
      await next();
    }, async (c, next) => {
      seen.push(c.req.param("tenant"));
      await next();
    });
    app.deliver(":local@:whole", (c) => {
      seen.push({ ...c.req.param() });
      return c.body(null, 204);
    });
    await send(app, { from: "", to: "jane@acme.example.com", data: "" });
    expect(seen).toEqual([
      { all: "jane", domain: "acme.example.com" },
      { user: "jane", tenant: "acme" },
      "acme",
      "acme",
      { local: "jane", whole: "acme.example.com" },
    ]);
  });

  test("a name that a route does not have is undefined", async () => {
    const app = new Postern();
    let seen: unknown = "unset";
    app.deliver("reply+:token@example.com", (c) => {
      seen = c.req.param("nothing" as never);
      return c.body(null, 204);
    });
    await send(app, { from: "", to: "reply+x@example.com", data: "" });
    expect(seen).toBeUndefined();
  });
});
