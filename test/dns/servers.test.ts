import { describe, expect, test } from "bun:test";
import { dnsResolver, parseResolvConf, systemResolvConf } from "../../src/dns/mod.ts";
import { isFrom, parseServer } from "../../src/dns/servers.ts";

describe("parseResolvConf", () => {
  test("takes servers, timeout and attempts, and nothing else", () => {
    const text = "# made by hand\nsearch corp.example\nnameserver 192.0.2.53 ; first\n  nameserver\t2001:db8::53\r\n" +
      "nameserver fe80::1%eth0\nnameserver 192.0.2.54\noptions ndots:5 timeout:2 attempts:3 rotate\n";
    expect(parseResolvConf(text)).toEqual({
      servers: ["192.0.2.53", "2001:db8::53", "fe80::1%eth0"].map((address) => ({ address, port: 53 })),
      timeout: 2000,
      attempts: 3,
    });
  });

  test("passes over lines that make no sense", () => {
    const text = "nameserver\nnameserver dns.example\noptions timeout:x attempts:\nnonsense\n;nameserver 192.0.2.1";
    expect(parseResolvConf(text)).toEqual({ servers: [], timeout: undefined, attempts: undefined });
  });

  test("keeps numbers within the bounds of the manual page", () => {
    expect(parseResolvConf("options timeout:900 attempts:0")).toMatchObject({ timeout: 30_000, attempts: 1 });
  });

  test("an empty file means the server on this machine", () => {
    expect(systemResolvConf("/dev/null").servers).toEqual([{ address: "127.0.0.1", port: 53 }]);
  });
});

test("without a resolv.conf the runtime knows the servers", () => {
  expect(systemResolvConf("/nonexistent").servers.length).toBeGreaterThan(0);
});

describe("parseServer", () => {
  test.each([
    ["192.0.2.53", "192.0.2.53", 53],
    ["192.0.2.53:5353", "192.0.2.53", 5353],
    ["2001:db8::53", "2001:db8::53", 53],
    ["[2001:db8::53]:5353", "2001:db8::53", 5353],
    ["fe80::1%eth0", "fe80::1%eth0", 53],
  ])("%s", (text, address, port) => expect(parseServer(text)).toEqual({ address, port }));

  test.each(["dns.example", "", "192.0.2.53:0", "192.0.2.53:99999", "[::1", "1.2.3.4:5:6"])("%j throws", (text) => {
    expect(() => dnsResolver({ servers: [text] })).toThrow(TypeError);
  });
});

test("an answer is known by address and port, however the address is written", () => {
  const server = parseServer("[2001:db8:0::53%eth0]:5353");
  expect(isFrom(server, "2001:db8::53", 5353)).toBe(true);
  expect(isFrom(server, "2001:db8::53", 53)).toBe(false);
  expect(isFrom(server, "2001:db8::54", 5353)).toBe(false);
});
