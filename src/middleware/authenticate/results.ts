/** `Authentication-Results` (RFC 8601): what we found out, said in our name, and in nobody else's. */

import type { AuthVerdict, DkimVerdict } from "./verdict.ts";

/** The value of the field, folded. */
export function authenticationResults(name: string, address: string, auth: AuthVerdict): string {
  const { spf, dkim, dmarc, arc, iprev } = auth;
  const smtp = spf.identity === "helo" ? `smtp.helo=${pvalue(spf.helo)}` : `smtp.mailfrom=${pvalue(spf.sender)}`;
  const results = [
    ["spf", spf.result, spf.problem, smtp],
    ...(dkim.length === 0 ? [["dkim", "none", "message not signed"]] : dkim.map(dkimResult)),
    ["dmarc", dmarc.result, dmarcComment(auth), ...(dmarc.domain ? [`header.from=${pvalue(dmarc.domain)}`] : [])],
    ...(arc.result === "none" ? [] : [["arc", arc.result, arc.reason ?? `i=${arc.instances}`]]),
    [
      "iprev",
      iprev.status === "none" ? "permerror" : iprev.status,
      iprev.status === "pass" ? iprev.name : undefined,
      `policy.iprev=${pvalue(address)}`,
    ],
  ] as const;
  const lines = results.map(([method, result, said, ...properties]) =>
    [`${method}=${result}`, ...(said === undefined ? [] : [comment(said)]), ...properties].join("\r\n\t")
  );
  return [name, ...lines].join(";\r\n ");
}

function dkimResult(verdict: DkimVerdict): (string | undefined)[] {
  const { result, domain, identity, selector, algorithm, signature, reason } = verdict;
  const properties = Object.entries({ d: domain, i: identity, s: selector, a: algorithm, b: signature });
  const given = properties.filter(([, value]) => value !== "").map(([name, value]) =>
    `header.${name}=${pvalue(value)}`
  );
  return ["dkim", result, reason, ...given];
}

function dmarcComment({ dmarc }: AuthVerdict): string | undefined {
  if (dmarc.reason !== undefined) return dmarc.reason;
  return dmarc.policy === undefined ? undefined : `p=${dmarc.policy} dis=${dmarc.disposition}`;
}

/** Longer values help nobody, and lines must stay under 998. */
const longest = 300;

/** A token, an address of atoms, or else a quoted string (RFC 8601 section 2.2). Strangers chose it. */
function pvalue(text: string): string {
  const clean = printable(text);
  return /^[\w!#$%&'*+/.^`{|}~@-]+$/.test(clean) ? clean : `"${clean.replace(/["\\]/g, "\\$&")}"`;
}

function comment(text: string): string {
  return `(${printable(text).replace(/[()\\]/g, "\\$&")})`;
}

function printable(text: string): string {
  return text.replace(/[^ -~]/g, "?").slice(0, longest);
}

/**
 * Whether a field that came with the message speaks in our name, or in a name that cannot be read (RFC 8601 section 5).
 *
 * @param name ours, in lower case.
 */
export function isForged(field: string, value: string, name: string): boolean {
  if (field.toLowerCase() !== "authentication-results") return false;
  const id = serviceId(value);
  return id === undefined || id.toLowerCase().replace(/\.$/, "") === name;
}

/** The authserv-id: a token or a quoted string behind comments and blanks (RFC 8601 section 2.2). */
function serviceId(value: string): string | undefined {
  let rest = value;
  let isShorter = true;
  while (isShorter) {
    const next = rest.trimStart().replace(/^\((?:[^()\\]|\\.)*\)/, "").trimStart();
    isShorter = next.length < rest.length;
    rest = next;
  }
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(rest);
  if (quoted !== null) return quoted[1]!.replace(/\\(.)/g, "$1");
  return /^[^\s()<>@,;:\\"/[\]?=]+/.exec(rest)?.[0];
}
