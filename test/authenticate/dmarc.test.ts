import { expect, test } from "bun:test";
import { type Resolver, staticResolver } from "../../src/dns/mod.ts";
import { authorDomains } from "../../src/middleware/authenticate/author.ts";
import { dmarc, organizationalDomain } from "../../src/middleware/authenticate/dmarc.ts";
import type { DkimResult, DmarcVerdict } from "postern/authenticate";
import type { SpfResult } from "postern/spf";

const zone = staticResolver({
  "_dmarc.example.com": { TXT: ["v=DMARC1; p=reject"] },
  "_dmarc.strict.test": { TXT: ["v=DMARC1; p=reject; adkim=s; aspf=s"] },
  "_dmarc.mixed.test": { TXT: ["v=DMARC1; p=reject; adkim=r; aspf=S"] },
  "_dmarc.sub.test": { TXT: ["v=DMARC1; p=none; sp=quarantine"] },
  "_dmarc.own.sub.test": { TXT: ["v=DMARC1; p=reject; sp=none"] },
  "_dmarc.example.co.uk": { TXT: ["v=DMARC1; p=quarantine"] },
  "_dmarc.never.test": { TXT: ["v=DMARC1; p=reject; pct=0"] },
  "_dmarc.half.test": { TXT: ["v=DMARC1; p=reject; pct=50"] },
  "_dmarc.nopolicy.test": { TXT: ["v=DMARC1; adkim=s"] },
  "_dmarc.reports.test": { TXT: ["v=DMARC1; p=bad; rua=mailto:d@reports.test"] },
  "_dmarc.badsub.test": { TXT: ["v=DMARC1; p=reject; sp=bad; rua=mailto:d@badsub.test"] },
  "_dmarc.two.test": { TXT: ["v=DMARC1; p=reject", "v=DMARC1; p=none"] },
  "_dmarc.beside.test": { TXT: ["hello", "v=DMARC1; p=reject", "v=DMARC2; p=none"] },
  "_dmarc.case.test": { TXT: ["v=dmarc1; p=reject"] },
  "_dmarc.upper.test": { TXT: ["v=DMARC1 ; p=REJECT"] },
  "_dmarc.none.test": { TXT: ["v=DMARC1; p=none"] },
  "_dmarc.down.test": "servfail",
  "_dmarc.xn--bcher-kva.test": { TXT: ["v=DMARC1; p=reject"] },
});

interface Given {
  readonly spf?: readonly [SpfResult, string];
  readonly dkim?: readonly (readonly [DkimResult, string])[];
  readonly chance?: number;
}

function judge(
  from: readonly string[],
  { spf = ["none", "else.test"], dkim = [], chance = 0.4 }: Given = {},
  resolver: Resolver = zone,
): Promise<DmarcVerdict> {
  return dmarc({
    authors: authorDomains(from),
    isAmbiguous: false,
    spf: { result: spf[0], domain: spf[1], identity: "mailfrom", sender: `a@${spf[1]}`, helo: "h", ip: "192.0.2.1" },
    dkim: dkim.map(([result, domain]) => ({
      result,
      domain,
      selector: "s",
      identity: `@${domain}`,
      algorithm: "rsa-sha256",
      signature: "AAAA",
    })),
    resolver,
    signal: new AbortController().signal,
    chance,
  });
}

const said = ({ result, disposition }: DmarcVerdict): string => `${result} ${disposition}`;

test.each<[string, string, Given, string]>([
  ["nothing passes", "a@example.com", {}, "fail reject"],
  ["SPF passes for the same domain", "a@example.com", { spf: ["pass", "example.com"] }, "pass none"],
  ["SPF passes for a subdomain, relaxed", "a@example.com", { spf: ["pass", "bounce.example.com"] }, "pass none"],
  ["SPF passes for another domain", "a@example.com", { spf: ["pass", "example.net"] }, "fail reject"],
  ["SPF is softfail for the same domain", "a@example.com", { spf: ["softfail", "example.com"] }, "fail reject"],
  ["DKIM passes for the same domain", "a@example.com", { dkim: [["pass", "example.com"]] }, "pass none"],
  ["DKIM passes for the parent, relaxed", "a@mail.example.com", { dkim: [["pass", "example.com"]] }, "pass none"],
  ["DKIM passes for a sibling, relaxed", "a@a.example.com", { dkim: [["pass", "b.example.com"]] }, "pass none"],
  ["DKIM fails for the same domain", "a@example.com", { dkim: [["fail", "example.com"]] }, "fail reject"],
  ["DKIM verifies in part only", "a@example.com", { dkim: [["policy", "example.com"]] }, "fail reject"],
  ["one of several signatures passes", "a@example.com", {
    dkim: [["pass", "esp.test"], ["fail", "example.com"], ["pass", "example.com"]],
  }, "pass none"],
  ["strict DKIM and the same domain", "a@strict.test", { dkim: [["pass", "strict.test"]] }, "pass none"],
  ["strict DKIM and a subdomain", "a@strict.test", { dkim: [["pass", "sub.strict.test"]] }, "fail reject"],
  ["strict DKIM and the parent", "a@sub.strict.test", { dkim: [["pass", "strict.test"]] }, "fail reject"],
  ["strict SPF and the same domain", "a@strict.test", { spf: ["pass", "STRICT.test"] }, "pass none"],
  ["strict SPF and a subdomain", "a@strict.test", { spf: ["pass", "sub.strict.test"] }, "fail reject"],
  ["strict SPF, relaxed DKIM", "a@mixed.test", {
    spf: ["pass", "sub.mixed.test"],
    dkim: [["pass", "sub.mixed.test"]],
  }, "pass none"],
  ["the policy of the domain itself", "a@sub.test", {}, "fail none"],
  ["the policy for subdomains", "a@any.sub.test", {}, "fail quarantine"],
  ["a subdomain's own policy", "a@own.sub.test", {}, "fail reject"],
  ["a subdomain of a subdomain asks the organization", "a@deep.own.sub.test", {}, "fail quarantine"],
  ["an organization under a public suffix of two labels", "a@mail.example.co.uk", {}, "fail quarantine"],
  [
    "alignment does not reach over a public suffix",
    "a@example.co.uk",
    { dkim: [["pass", "co.uk"]] },
    "fail quarantine",
  ],
  [
    "alignment of strangers under one suffix",
    "a@example.co.uk",
    { dkim: [["pass", "other.co.uk"]] },
    "fail quarantine",
  ],
  ["pct=0 asks for the next lower policy", "a@never.test", {}, "fail quarantine"],
  ["within pct", "a@half.test", { chance: 0.4 }, "fail reject"],
  ["outside pct", "a@half.test", { chance: 0.6 }, "fail quarantine"],
  ["a record without policy is none", "a@nopolicy.test", {}, "none none"],
  ["a bad policy with a report address is p=none", "a@reports.test", {}, "fail none"],
  ["a bad subdomain policy with a report address is p=none", "a@x.badsub.test", {}, "fail none"],
  ["two records are none", "a@two.test", {}, "none none"],
  ["other texts beside the record", "a@beside.test", {}, "fail reject"],
  ["the version is case-sensitive", "a@case.test", {}, "none none"],
  ["the policy is not", "a@upper.test", {}, "fail reject"],
  ["no record", "a@nothing.test", {}, "none none"],
  ["no answer for the record", "a@down.test", {}, "temperror none"],
  ["no answer for the record, though SPF passes", "a@down.test", { spf: ["pass", "down.test"] }, "temperror none"],
  ["no answer for SPF", "a@example.com", { spf: ["temperror", "example.com"] }, "temperror none"],
  ["no answer for another domain's SPF", "a@example.com", { spf: ["temperror", "else.test"] }, "fail reject"],
  ["no answer for the key", "a@example.com", { dkim: [["temperror", "example.com"]] }, "temperror none"],
  ["no answer for the key, though SPF passes", "a@example.com", {
    spf: ["pass", "example.com"],
    dkim: [["temperror", "example.com"]],
  }, "pass none"],
  [
    "DKIM passes for what is no domain",
    "a@example.com",
    { dkim: [["pass", "example.com/x.evil.test"]] },
    "fail reject",
  ],
  ["DKIM passes for a URL", "a@example.com", { dkim: [["pass", "http://example.com/x.evil.test"]] }, "fail reject"],
  [
    "DKIM passes for a host with a port",
    "a@example.com",
    { dkim: [["pass", "example.com:x.evil.test"]] },
    "fail reject",
  ],
  ["SPF passes for what is no domain", "a@example.com", { spf: ["pass", "example.com/x.evil.test"] }, "fail reject"],
  ["SPF passes behind a query", "a@example.com", { spf: ["pass", "example.com?x.evil.test"] }, "fail reject"],
  ["SPF passes in other full stops", "a@example.com", { spf: ["pass", "a\u3002example.com"] }, "pass none"],
  ["letters beyond ASCII", "a@bücher.test", { dkim: [["pass", "xn--bcher-kva.test"]] }, "pass none"],
])("%s", async (_, from, given, expected) => {
  expect(said(await judge([from], given))).toBe(expected);
});

test.each<[string, string]>([
  ["v=DMARC1;p=reject;;", "fail reject"],
  ["v=DMARC1;; p=reject", "fail reject"],
  ["v=DMARC1; p=reject; rua", "fail reject"],
  ["v=DMARC1; p=reject; rua=mailto:a@x.test; rua=mailto:b@x.test", "fail reject"],
  ["v=DMARC1; p=reject; p=none", "fail reject"],
  ["v=DMARC1; p=reject; fo=1; https://x.test/", "fail reject"],
  ['v=DMARC1; p=reject; =; 1=2; "', "fail reject"],
  ["v=DMARC1; p=reject; pct=all; adkim=x; aspf", "fail reject"],
  ["v=DMARC1; adkim=s; p=quarantine", "fail quarantine"],
  ["v=DMARC1; p=; p=reject", "none none"],
  ["v=DMARC1; p reject", "none none"],
  ["v=DMARC1; reject; rua=mailto:a@x.test;;", "fail none"],
  ["v=DMARC1; p=reject junk", "none none"],
  ["v=DMARC1 p=reject", "none none"],
  ["v=DMARC1x; p=reject", "none none"],
  ["p=reject; v=DMARC1", "none none"],
  ["; v=DMARC1; p=reject", "none none"],
])("of the record %p there is left: %s", async (record, expected) => {
  const resolver = staticResolver({ "_dmarc.record.test": { TXT: [record] } });
  expect(said(await judge(["a@record.test"], {}, resolver))).toBe(expected);
});

const passing: Given = { dkim: [["pass", "none.test"]] };

test.each<[string, readonly string[], string]>([
  ["two mailboxes of one domain are one author", ["a@none.test, b@none.test"], "pass none"],
  ["of two mailboxes each domain is asked for", ["a@none.test, b@example.com"], "fail reject"],
  ["two From fields are an error", ["a@none.test", "b@example.com"], "permerror none"],
  ["an address that names a group is an error", ["<a@none.test>: b@example.com"], "permerror none"],
  ["so is one that names an empty group", ["A <a@none.test> :;"], "permerror none"],
  ["so is one behind a NUL, where some stop reading", ["b@example.com\0 <a@none.test>"], "permerror none"],
  ["even of one domain", ["a@none.test", "a@none.test"], "permerror none"],
  ["the order of mailboxes does not matter", ["b@example.com, a@none.test"], "fail reject"],
  ["an author that nobody can look up may be the worst", ["a@none.test, b@down.test"], "temperror none"],
  ["an author in a group is an author", ["Staff: b@example.com;"], "fail reject"],
  ["an address in a display name is a name", ['"b@example.com" <a@none.test>'], "pass none"],
  ["an address in a comment is a comment", ["a@none.test (b@example.com)"], "pass none"],
  ["two addresses in brackets are two", ["<b@example.com> <a@none.test>"], "fail reject"],
  ["no From is an error", [], "permerror none"],
  ["an empty group has no author", ["undisclosed:;"], "permerror none"],
  ["an author without a domain is an error", ["root"], "permerror none"],
  ["so is one beside another", ["a@none.test, root"], "permerror none"],
  ["an address literal has no owner to ask", ["a@[192.0.2.1]"], "permerror none"],
  ["too many authors are an error", [Array.from({ length: 9 }, (_, at) => `a@${at}.test`).join()], "permerror none"],
])("%s", async (_, from, expected) => {
  expect(said(await judge(from, passing))).toBe(expected);
});

test.each([
  ["mail.example.com", "example.com"],
  ["example.com", "example.com"],
  ["A.B.Example.CO.UK", "example.co.uk"],
  ["com", "com"],
  ["a.b.github.io", "b.github.io"],
  ["example.com/x.evil.test", "evil.test"],
  ["-x.example.com", "example.com"],
])("the organizational domain of %s is %s", (domain, expected) => {
  expect(organizationalDomain(domain)).toBe(expected);
});
