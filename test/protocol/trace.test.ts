import { describe, expect, test } from "bun:test";
import { addressLiteral, formatDate, formatReceived, formatReturnPath, type Trace } from "../../src/protocol/trace.ts";
import { each } from "./each.ts";

const date = new Date("2026-11-22T08:05:09Z");
const trace: Trace = {
  helo: "c.test",
  remoteAddress: "192.0.2.1",
  by: "mx.test",
  protocol: "ESMTP",
  id: "abc.0",
  date,
};
const end = "\tby mx.test with ESMTP id abc.0;\r\n\tSun, 22 Nov 2026 08:05:09 +0000\r\n";

describe("trace fields (RFC 5321 section 4.4)", () => {
  each<[change: Partial<Trace>, field: string]>("Received", [
    [{}, `Received: from c.test ([192.0.2.1])\r\n${end}`],
    [{ remoteAddress: "2001:db8::1" }, `Received: from c.test ([IPv6:2001:db8::1])\r\n${end}`],
    [{ remoteAddress: "" }, `Received: from c.test\r\n${end}`],
    [{ remoteAddress: "/run/smtp.sock" }, `Received: from c.test\r\n${end}`],
    [{ helo: "" }, `Received: from unknown ([192.0.2.1])\r\n${end}`],
    [{ helo: "[IPv6:::1]" }, `Received: from [IPv6:::1] ([192.0.2.1])\r\n${end}`],
    [{ helo: "bücher.test" }, `Received: from bücher.test ([192.0.2.1])\r\n${end}`],
    // The client's words may not become syntax.
    [{ helo: "a(b);c" }, `Received: from a?b??c ([192.0.2.1])\r\n${end}`],
    [{ helo: "x\r\nSubject: y" }, `Received: from x??Subject:?y ([192.0.2.1])\r\n${end}`],
    [{ helo: 'a\0\x7f\u0085<>"\\,' }, `Received: from a???????? ([192.0.2.1])\r\n${end}`],
    [
      { tls: { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" } },
      `Received: from c.test ([192.0.2.1])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)\r\n${end}`,
    ],
    [{ tls: undefined }, `Received: from c.test ([192.0.2.1])\r\n${end}`],
    [
      { recipient: '"a b"@y.test', protocol: "UTF8SMTPSA" },
      "Received: from c.test ([192.0.2.1])\r\n\tby mx.test with UTF8SMTPSA id abc.0\r\n" +
      '\tfor <"a b"@y.test>;\r\n\tSun, 22 Nov 2026 08:05:09 +0000\r\n',
    ],
  ], (change, field) => expect(formatReceived({ ...trace, ...change })).toBe(field));

  each("Return-Path", [
    ["", "Return-Path: <>\r\n"],
    ["a@x.test", "Return-Path: <a@x.test>\r\n"],
    ['"<>"@x.test', 'Return-Path: <"<>"@x.test>\r\n'],
  ], (reversePath, field) => expect(formatReturnPath(reversePath)).toBe(field));

  each("an address literal (section 4.1.3)", [
    ["192.0.2.1", "[192.0.2.1]"],
    ["::1", "[IPv6:::1]"],
  ], (address, literal) => expect(addressLiteral(address)).toBe(literal));

  each<[iso: string, text: string]>("a date (RFC 5322 section 3.3)", [
    ["1970-01-01T00:00:00Z", "Thu, 1 Jan 1970 00:00:00 +0000"],
    ["2024-02-29T23:59:59.999Z", "Thu, 29 Feb 2024 23:59:59 +0000"],
    ["2025-12-31T23:59:59+00:00", "Wed, 31 Dec 2025 23:59:59 +0000"],
    ["2026-01-01T00:30:00+01:00", "Wed, 31 Dec 2025 23:30:00 +0000"],
    ["2026-06-09T09:09:09Z", "Tue, 9 Jun 2026 09:09:09 +0000"],
    ["2038-01-19T03:14:08Z", "Tue, 19 Jan 2038 03:14:08 +0000"],
    ["9999-12-31T12:00:00Z", "Fri, 31 Dec 9999 12:00:00 +0000"],
  ], (iso, text) => expect(formatDate(new Date(iso))).toBe(text));

  test("a date in every day of a leap year", () => {
    for (let day = 0; day < 366; day++) {
      const date = new Date(Date.UTC(2024, 0, 1 + day, 1, 2, 3));
      expect(formatDate(date)).toBe(date.toUTCString().replace(/ 0(\d [A-Z])/, " $1").replace("GMT", "+0000"));
    }
  });
});
