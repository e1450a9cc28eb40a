import type { SpfVerdict } from "./check.ts";

/** A line should not be longer (RFC 5322 section 2.1.1). */
const longestLine = 78;
/** A value that is longer is cut: a line must stay under 998, and nothing of use is that long. */
const longestValue = 400;

/**
 * The Received-SPF header field for a verdict (RFC 7208 section 9.1, with erratum 5436), folded, with its final CRLF.
 * It belongs above all Received fields that were there before.
 *
 * The client chose several of these values. Control characters and what is not ASCII become `?`, so that none of them
 * can begin a line of its own, and all that is no dot-atom is quoted.
 *
 * @param receiver the name of this host
 * @example
 * ```ts
 * import { staticResolver } from "postern/dns";
 *
 * const resolver = staticResolver({ "example.com": { TXT: ["v=spf1 ip4:192.0.2.1 -all"] } });
 * const verdict = await checkHost({ ip: "192.0.2.1", sender: "a@example.com", helo: "mail.example.com", resolver });
 * receivedSpf(verdict, "mx.example.org");
 * // Received-SPF: pass (mx.example.org: example.com designates 192.0.2.1 as
 * //  permitted sender) client-ip=192.0.2.1; envelope-from="a@example.com"; …
 * ```
 */
export function receivedSpf(verdict: SpfVerdict, receiver: string): string {
  const pairs: (readonly [string, string | undefined])[] = [
    ["client-ip", verdict.ip],
    ["envelope-from", verdict.sender],
    ["helo", verdict.helo],
    ["receiver", receiver],
    ["identity", verdict.identity],
    ["mechanism", verdict.mechanism],
    ["problem", verdict.problem],
  ];
  const given = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  const words = [
    verdict.result,
    ...comment(`${receiver}: ${sentence(verdict)}`).split(" "),
    ...given.map(([key, value], at) => `${key}=${quoted(value)}${at < given.length - 1 ? ";" : ""}`),
  ];
  return fold("Received-SPF:", words) + "\r\n";
}

/** For people, as section 9.1's examples have it. */
function sentence({ result, domain, ip }: SpfVerdict): string {
  switch (result) {
    case "pass":
      return `${domain} designates ${ip} as permitted sender`;
    case "fail":
      return `${domain} does not designate ${ip} as permitted sender`;
    case "softfail":
      return `${domain} discourages use of ${ip} as sender`;
    case "neutral":
      return `${domain} makes no statement about ${ip}`;
    case "none":
      return `${domain} does not publish SPF`;
    case "temperror":
      return `the record of ${domain} could not be looked up`;
    case "permerror":
      return `the record of ${domain} could not be understood`;
  }
}

function clean(value: string): string {
  const ascii = value.replace(/[^ -~]/g, "?");
  return ascii.length > longestValue ? ascii.slice(0, longestValue) : ascii;
}

/** `dot-atom / quoted-string` (RFC 5322 sections 3.2.3 and 3.2.4). */
function quoted(value: string): string {
  const text = clean(value);
  if (/^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(text)) return text;
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** RFC 5322 section 3.2.2. */
function comment(text: string): string {
  return `(${clean(text).replace(/[()\\]/g, "\\$&")})`;
}

/** Breaks between words only. A quoted value stays whole: a break inside it would belong to the value. */
function fold(name: string, words: readonly string[]): string {
  const lines: string[] = [];
  let line = name;
  for (const word of words) {
    if (word === "") continue; // two spaces in a comment mean no more than one, and a line of spaces ends a header
    if (line.length + 1 + word.length > longestLine && line.trim() !== "" && line !== name) {
      lines.push(line);
      line = "";
    }
    line += ` ${word}`;
  }
  lines.push(line);
  return lines.join("\r\n");
}
