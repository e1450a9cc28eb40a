import { describe, expect, test } from "bun:test";
import { AddressList } from "../../src/protocol/addresslist.ts";

describe("an address list", () => {
  const cases: readonly (readonly [entries: string[], on: string[], off: string[]])[] = [
    [[], [], ["127.0.0.1", "::1", ""]],
    [["10.0.0.0/8"], ["10.0.0.0", "10.255.1.2", "::ffff:10.1.2.3"], ["11.0.0.1", "::10.0.0.1", "a00::", "", "/x"]],
    [["10.1.2.3/8"], ["10.9.9.9"], ["11.0.0.1"]],
    [["192.0.2.1"], ["192.0.2.1"], ["192.0.2.2"]],
    [["2001:db8::/32", "::1"], ["2001:db8::5", "2001:0DB8:1::", "::1"], ["2001:db9::", "::2", "127.0.0.1"]],
    [["fe80::/10"], ["fe80::1%eth0"], ["fec0::1"]],
    [["::ffff:10.0.0.0/104"], ["10.1.1.1"], ["11.1.1.1"]],
    [["0.0.0.0/0"], ["1.2.3.4"], ["::1", ""]],
    [["unix"], ["", "/run/postern.sock"], ["127.0.0.1", "run"]],
  ];
  for (const [entries, on, off] of cases) {
    test(`[${entries}] names whom it names`, () => {
      const list = new AddressList("xclient", entries);
      expect(on.filter((address) => !list.includes(address))).toEqual([]);
      expect(off.filter((address) => list.includes(address))).toEqual([]);
    });
  }

  for (
    const entry of ["", "10.1", "10.0.0.0/33", "::/129", "010.0.0.1", "10.0.0.1/08", "localhost", "10.0.0.0/8 ", "*"]
  ) {
    test(`"${entry}" is no entry`, () => {
      expect(() => new AddressList("xclient", [entry])).toThrow(`Cannot take "${entry}" in xclient`);
    });
  }

  test("a string is no list", () => {
    expect(() => new AddressList("xclient", "10.0.0.0/8" as never)).toThrow(TypeError);
  });
});
