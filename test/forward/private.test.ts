/** A forwarder is no way into the networks behind it. */

import { describe, expect, test } from "bun:test";
import { forward, PrivateAddressError } from "postern/forward";
import { isPublicAddress } from "../../src/forward/private.ts";
import { publicLookup } from "../../src/forward/sockets.ts";

describe("a URL into a private network is refused at once", () => {
  test.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::127.0.0.1]/",
    "http://[4000::1]/",
    "http://[fec0::1]/",
    "http://[2001:db8::1]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[64:ff9b::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://localhost:8080/",
    "http://LOCALHOST./",
    "http://app.localhost/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
  ])("%s", (url) => {
    expect(() => forward(url)).toThrow(PrivateAddressError);
    expect(() => forward(url, { allowPrivate: true })).not.toThrow();
  });
});

test.each(["https://app.example/in", "https://1.1.1.1/", "http://[2606:4700::1111]/"])("%s is public", (url) => {
  expect(() => forward(url)).not.toThrow();
});

test.each<[string, boolean]>([["8.8.8.8", true], ["::ffff:8.8.8.8", true], ["192.168.0.1", false], [
  "nonsense",
  false,
]])(
  "%s: %p",
  (address, isPublic) => expect(isPublicAddress(address)).toBe(isPublic),
);

test.each([[true], [false]])("a name that resolves to a private address has none (all: %p)", async (all) => {
  // The one name that means the same to every system.
  const outcome = await new Promise((resolve) => publicLookup("localhost", { all }, (error) => resolve(error)));
  expect(outcome).toBeInstanceOf(PrivateAddressError);
  expect((outcome as Error).message).toMatch(/^Cannot forward to localhost, which is (?:127\.0\.0\.1|::1): /);
});

test("an error names the host, not the password", () => {
  expect(() => forward("https://user:pass@127.0.0.1/")).toThrow(/^Cannot forward to 127\.0\.0\.1: /);
});
