import { expect, test } from "bun:test";
import { addressList } from "../../src/addresses.ts";

test.each([
  ["192.0.2.1", ["192.0.2.0/24"], true],
  ["192.0.3.1", ["192.0.2.0/24"], false],
  ["192.0.2.1", ["192.0.2.1"], true],
  ["::ffff:192.0.2.1", ["192.0.2.0/24"], true],
  ["192.0.2.1", ["::ffff:192.0.2.0/120"], true],
  ["192.0.2.1", ["::/0"], false],
  ["2001:db8::7", ["2001:db8::/32"], true],
  ["2001:db9::7", ["192.0.2.1", "2001:db8::/32"], false],
  ["1.2.3.4", ["0.0.0.0/0"], true],
  ["/run/postern.sock", ["0.0.0.0/0", "::/0"], false],
  ["", ["0.0.0.0/0"], false],
  ["192.0.2.1", [], false],
])("%s on %p is %p", (address, list, expected) => {
  expect(addressList(list)(address)).toBe(expected);
});

test.each([
  "",
  "example.com",
  "192.0.2",
  "192.0.2.0/33",
  "2001:db8::/129",
  "192.0.2.0/",
  "192.0.2.0/x",
  "1.2.3.4/8/8",
  5,
])(
  "the entry %p is refused, and named",
  (entry) => {
    expect(() => addressList([entry as string])).toThrow(`Cannot use ${JSON.stringify(entry)} in a list of addresses`);
    expect(() => addressList([entry as string])).toThrow(TypeError);
  },
);
