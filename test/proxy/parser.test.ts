/** Rows 137 to 141, and the parts of 142 and 143 that are a parser's: headers whole, byte by byte, with bytes behind. */

import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { crc32c } from "../../src/protocol/crc32c.ts";
import { parseProxyHeader, type ProxyHeader } from "../../src/protocol/proxy.ts";
import { headerV2, ipv4, ipv6, octets, signature, unix } from "./header.ts";

const v1 = (line: string) => Uint8Array.from(octets(`${line}\r\n`));
const ip6 = (text: string) => text.split(":").flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]);

const tcp4 = {
  source: { address: "192.0.2.1", port: 56324 },
  destination: { address: "198.51.100.7", port: 25 },
};

const good: Readonly<Record<string, [bytes: Uint8Array, facts: Omit<ProxyHeader, "length">]>> = {
  "137 v1 TCP4": [v1("PROXY TCP4 192.0.2.1 198.51.100.7 56324 25"), { version: 1, tlvs: [], ...tcp4 }],
  "137 v1 TCP6, spelled at length": [v1("PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::1 1 65535"), {
    version: 1,
    tlvs: [],
    source: { address: "2001:db8::1", port: 1 },
    destination: { address: "::1", port: 65535 },
  }],
  "134 v1 TCP6 of an IPv4-mapped address is IPv4": [v1("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6407 56324 25"), {
    version: 1,
    tlvs: [],
    ...tcp4,
  }],
  "138 v1 UNKNOWN, short": [v1("PROXY UNKNOWN"), { version: 1, tlvs: [] }],
  "138 v1 UNKNOWN, with addresses that do not count": [v1("PROXY UNKNOWN ::1 ::1 1 2"), { version: 1, tlvs: [] }],
  "139 v1 of 107 octets": [v1(`PROXY UNKNOWN ${"f".repeat(91)}`), { version: 1, tlvs: [] }],
  "140 v2 TCP4": [headerV2(), { version: 2, tlvs: [], ...tcp4 }],
  "140 v2 TCP6": [
    headerV2({ family: 0x21, addresses: ipv6(ip6("2001:db8:0:0:0:0:0:1"), ip6("0:0:0:0:0:0:0:1")) }),
    {
      version: 2,
      tlvs: [],
      source: { address: "2001:db8::1", port: 56324 },
      destination: { address: "::1", port: 25 },
    },
  ],
  "134 v2 TCP6 of an IPv4-mapped address is IPv4": [
    headerV2({ family: 0x21, addresses: ipv6(ip6("0:0:0:0:0:ffff:c000:201"), ip6("0:0:0:0:0:ffff:c633:6407")) }),
    { version: 2, tlvs: [], ...tcp4 },
  ],
  "140 v2 UNIX": [headerV2({ family: 0x31, addresses: unix("/run/a.sock", "/run/b.sock") }), {
    version: 2,
    tlvs: [],
    source: { address: "/run/a.sock", port: 0 },
    destination: { address: "/run/b.sock", port: 0 },
  }],
  "140 a UNIX path that looks like an IP address is none": [
    headerV2({ family: 0x31, addresses: unix("10.0.0.1", "/b\x1b[31m") }),
    { version: 2, tlvs: [], source: { address: "", port: 0 }, destination: { address: "", port: 0 } },
  ],
  "140 v2 LOCAL": [headerV2({ command: 0x20, family: 0, addresses: [] }), { version: 2, tlvs: [] }],
  "140 v2 LOCAL with addresses": [headerV2({ command: 0x20 }), { version: 2, tlvs: [] }],
  "140 v2 LOCAL of a family that there is not": [headerV2({ command: 0x20, family: 0xf7 }), { version: 2, tlvs: [] }],
  "140 v2 LOCAL with a checksum": [
    headerV2({ command: 0x20, family: 0, addresses: [], checksum: true }),
    { version: 2, tlvs: [] },
  ],
  "140 v2 UNSPEC": [headerV2({ family: 0, addresses: [] }), { version: 2, tlvs: [] }],
  "140 v2 UNSPEC with what is no TLV": [headerV2({ family: 0, addresses: [1, 2, 3, 4, 5] }), { version: 2, tlvs: [] }],
  "140 v2 UDP keeps the peer": [headerV2({ family: 0x12 }), { version: 2, tlvs: [] }],
  "141 v2 with TLVs, padding left out": [
    headerV2({ tlvs: [[2, "mx.example.com"], [4, [0, 0, 0]], [0xe0, [1, 2]]], checksum: true }),
    {
      version: 2,
      ...tcp4,
      tlvs: [{ type: 2, value: Uint8Array.from(octets("mx.example.com")) }, { type: 0xe0, value: Uint8Array.of(1, 2) }],
    },
  ],
  "141 v2 of the greatest length": [
    headerV2({ tlvs: [[4, new Array(4096 - ipv4.length - 3).fill(0)]] }),
    { version: 2, tlvs: [], ...tcp4 },
  ],
};

describe("a PROXY header", () => {
  for (const [title, [bytes, facts]] of Object.entries(good)) {
    const header: ProxyHeader = { ...facts, length: bytes.length };

    test(`${title}: whole`, () => expect(parseProxyHeader(bytes)).toEqual(header));

    test(`${title}: with EHLO behind it`, () => {
      const more = Uint8Array.from([...bytes, ...octets("EHLO c.test\r\n")]);
      expect(parseProxyHeader(more)).toEqual(header);
    });

    test(`${title}: in a Buffer, whose octets it leaves alone`, () => {
      const buffer = Buffer.from(bytes);
      expect(parseProxyHeader(buffer)).toEqual(header);
      expect(buffer).toEqual(Buffer.from(bytes));
    });

    test(`${title}: any part of it is incomplete`, () => {
      for (let length = 0; length < bytes.length; length++) {
        expect(parseProxyHeader(bytes.subarray(0, length))).toBe("incomplete");
      }
    });

    test(`${title}: in the middle of a larger buffer`, () => {
      const buffer = new Uint8Array(bytes.length + 20).fill(0xff);
      buffer.set(bytes, 7);
      expect(parseProxyHeader(buffer.subarray(7, 7 + bytes.length))).toEqual(header);
    });
  }
});

const bad: Readonly<Record<string, Uint8Array>> = {
  "139 v1 of 108 octets": v1(`PROXY UNKNOWN ${"f".repeat(92)}`),
  "139 v1 without an end": Uint8Array.from(octets(`PROXY TCP4 ${"1".repeat(96)}`)),
  "139 v1 with port 65536": v1("PROXY TCP4 192.0.2.1 198.51.100.7 65536 25"),
  "139 v1 with a port of six digits": v1("PROXY TCP4 192.0.2.1 198.51.100.7 100000 25"),
  "139 v1 with a negative port": v1("PROXY TCP4 192.0.2.1 198.51.100.7 -1 25"),
  "139 v1 with a port of leading zeros": v1("PROXY TCP4 192.0.2.1 198.51.100.7 025 25"),
  "139 v1 with an address of leading zeros": v1("PROXY TCP4 192.0.02.1 198.51.100.7 1 25"),
  "139 v1 TCP6 with leading zeros in its IPv4 part": v1("PROXY TCP6 ::ffff:192.0.02.1 ::1 1 25"),
  "139 v1 TCP4 with IPv6": v1("PROXY TCP4 ::1 ::1 1 25"),
  "139 v1 TCP6 with IPv4": v1("PROXY TCP6 192.0.2.1 198.51.100.7 1 25"),
  "139 v1 with an address of three parts": v1("PROXY TCP4 192.0.2 198.51.100.7 1 25"),
  "139 v1 with a zone": v1("PROXY TCP6 fe80::1%eth0 ::1 1 25"),
  "139 v1 with a host name": v1("PROXY TCP4 localhost 198.51.100.7 1 25"),
  "139 v1 in lower case": v1("proxy tcp4 192.0.2.1 198.51.100.7 1 25"),
  "139 v1 with a bad keyword": v1("PROXY UDP4 192.0.2.1 198.51.100.7 1 25"),
  "139 v1 with UNKNOWNS": v1("PROXY UNKNOWNS"),
  "139 v1 with two blanks": v1("PROXY  TCP4 192.0.2.1 198.51.100.7 1 25"),
  "139 v1 with a tab": v1("PROXY TCP4\t192.0.2.1 198.51.100.7 1 25"),
  "139 v1 with one port": v1("PROXY TCP4 192.0.2.1 198.51.100.7 1"),
  "139 v1 with three ports": v1("PROXY TCP4 192.0.2.1 198.51.100.7 1 25 26"),
  "139 v1 that ends in LF alone": Uint8Array.from(octets("PROXY TCP4 192.0.2.1 198.51.100.7 1 25\n")),
  "139 v1 with a CR in it": Uint8Array.from(octets("PROXY UNKNOWN \r x\r\n")),
  "139 v1 with a NUL in it": Uint8Array.from(octets("PROXY UNKNOWN \0\r\n")),
  "141 v2 with a bad signature": Uint8Array.from([...signature.slice(0, 11), 11, 0x21, 0x11]),
  "141 v2 of version 1": headerV2({ command: 0x11 }),
  "141 v2 of version 3": headerV2({ command: 0x31 }),
  "141 v2 with command 2": headerV2({ command: 0x22 }),
  "141 v2 of family 4": headerV2({ family: 0x41 }),
  "141 v2 of transport 3": headerV2({ family: 0x13 }),
  "141 v2 that announces 65 535 octets": headerV2({ length: 65_535 }),
  "141 v2 that announces 4097 octets": headerV2({ length: 4097 }),
  "141 v2 TCP4 with 11 octets": headerV2({ addresses: ipv4.slice(0, 11) }),
  "141 v2 TCP6 with the addresses of TCP4": headerV2({ family: 0x21 }),
  "141 v2 UNIX with the addresses of TCP4": headerV2({ family: 0x31 }),
  "141 v2 with a TLV beyond its end": headerV2({ addresses: [...ipv4, 2, 0, 9, 1, 2, 3] }),
  "141 v2 with two octets for a TLV": headerV2({ addresses: [...ipv4, 2, 0] }),
  "141 v2 with a wrong checksum": headerV2({ checksum: 1 }),
  "141 v2 LOCAL with a wrong checksum": headerV2({ command: 0x20, family: 0, addresses: [], checksum: 1 }),
  "141 v2 with a checksum of three octets": headerV2({ tlvs: [[3, [0, 0, 0]]] }),
  "141 v2 with two checksums": headerV2({ tlvs: [[3, [0, 0, 0, 0]]], checksum: true }),
  "142 EHLO": Uint8Array.from(octets("EHLO c.test\r\n")),
  "142 a TLS hello": Uint8Array.of(0x16, 3, 1, 0, 200),
  "142 an empty line": Uint8Array.from(octets("\r\nEHLO")),
};

describe("not a PROXY header", () => {
  for (const [title, bytes] of Object.entries(bad)) {
    test(`${title}: whole, and with bytes behind it`, () => {
      expect(parseProxyHeader(bytes)).toEqual({ fault: expect.any(String) });
      expect(parseProxyHeader(Uint8Array.from([...bytes, ...octets("EHLO c.test\r\n")]))).toEqual({
        fault: expect.any(String),
      });
    });

    test(`${title}: byte by byte it is never taken for one`, () => {
      const lengths = Array.from(bytes, (_, at) => at + 1);
      for (const length of lengths) {
        const result = parseProxyHeader(bytes.subarray(0, length));
        expect(result === "incomplete" || "fault" in result).toBe(true);
      }
    });
  }

  test("139 141 what cannot become one is known at the first wrong octet", () => {
    expect(parseProxyHeader(Uint8Array.from(octets("E")))).toEqual({ fault: expect.any(String) });
    expect(parseProxyHeader(Uint8Array.from(octets("PROXI")))).toEqual({ fault: expect.any(String) });
    expect(parseProxyHeader(Uint8Array.of(0x0d, 0x0a, 0x0a))).toEqual({ fault: expect.any(String) });
    expect(parseProxyHeader(headerV2({ length: 65_535 }).subarray(0, 16))).toEqual({ fault: expect.any(String) });
  });
});

test("CRC32C of RFC 3720 appendix B.4", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at))).toBe(0x46dd794e);
  expect(crc32c(Uint8Array.from(octets("123456789")))).toBe(0xe3069283);
});
