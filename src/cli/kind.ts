/** Kinds of flags: how the text of one is read, and what is said of text that cannot be. */

import { isDomain } from "../protocol/domain.ts";
import { isPem } from "../tls/pem.ts";
import { visibleUrl } from "../visible.ts";

/** Reads the values of a flag. */
export interface Kind<T> {
  /** Stands for the value in the help, as `N` or `PATH`; empty for a switch, which takes none. */
  readonly placeholder: string;
  /** What it must be, for the error: "a whole number above 0". */
  readonly expected: string;
  /** The value, or undefined for text that is none. */
  read(text: string): T | undefined;
  /** What may be shown of text that is given for it. Absent: all of it. */
  readonly show?: (text: string) => string;
}

/** On or off. As an environment variable: 1 or 0, true or false. */
export const onOrOff: Kind<boolean> = {
  placeholder: "",
  expected: "true or false",
  read: (text) => text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : undefined,
};

/** Any text. */
export const text = (placeholder: string): Kind<string> => ({
  placeholder,
  expected: "some text",
  read: (text) => text,
});

/** A file in PEM (RFC 7468), or what is in it: a place for secrets that keeps to one line writes its line ends as \\n. */
export const pem: Kind<string> = {
  ...text("FILE"),
  read: (text) => isPem(text) ? text.replaceAll("\\n", "\n") : text,
};

/** LMTP instead of SMTP: a switch whose value is the protocol's name. */
export const lmtpOrSmtp: Kind<"smtp" | "lmtp"> = {
  placeholder: "",
  expected: "true or false",
  read(text) {
    const isOn = onOrOff.read(text);
    return isOn === undefined ? undefined : isOn ? "lmtp" : "smtp";
  },
};

/** Several, parted by commas. */
export const list = (placeholder: string): Kind<readonly string[]> => ({
  placeholder: `${placeholder}[,${placeholder}]`,
  expected: `a list of ${placeholder}, parted by commas`,
  read(written) {
    const words = written.split(",").map((word) => word.trim());
    return words.includes("") ? undefined : words;
  },
});

/** One of a few words. */
export function oneOf<T extends string>(...words: readonly T[]): Kind<T> {
  return {
    placeholder: words.join("|"),
    expected: words.join(", ").replace(/, ([^,]*)$/, " or $1"),
    read: (text) => words.find((word) => word === text),
  };
}

/** An http or https URL. */
export const url: Kind<string> = {
  placeholder: "URL",
  expected: "a URL such as https://app.example/inbound",
  read: (text) => /^https?:\/\//i.test(text) && URL.canParse(text) ? text : undefined,
  show: visibleUrl,
};

/** Domains, with commas between them. */
export const domains: Kind<readonly string[]> = {
  placeholder: "NAME[,NAME]",
  expected: "a domain such as example.com, or several with commas between them",
  read(text) {
    const names = text.split(",").map((name) => name.trim());
    return names.every(isDomain) ? names : undefined;
  },
};

/** A whole number in decimal, nothing around it. */
function wholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

/** A TCP port. */
export const port: Kind<number> = {
  placeholder: "PORT",
  expected: "a whole number from 0 to 65535",
  read: (text) => wholeNumber(text, 0, 65535),
};

/** How many of something, at least one. */
export const count: Kind<number> = {
  placeholder: "N",
  expected: "a whole number above 0",
  read: (text) => wholeNumber(text, 1, Number.MAX_SAFE_INTEGER),
};

/** A timer waits no longer than this many milliseconds: more would fire at once. */
const longest = 2 ** 31 - 1;

function milliseconds(text: string): number | undefined {
  if (!/^\d{1,9}(?:\.\d{1,3})?$/.test(text)) return undefined;
  const value = Math.round(Number(text) * 1000);
  return value <= longest ? value : undefined;
}

/** A time in seconds, with a fraction if need be; its value is in milliseconds. */
export const seconds: Kind<number> = {
  placeholder: "SECONDS",
  expected: "a number of seconds above 0, such as 30 or 0.5",
  read: (text) => milliseconds(text) || undefined,
};

/** The same, where not to wait at all makes sense. */
export const secondsOrNone: Kind<number> = {
  placeholder: "SECONDS",
  expected: "a number of seconds, such as 30 or 0.5, or 0",
  read: milliseconds,
};

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
};

/** A size in octets. */
export const octets: Kind<number> = {
  placeholder: "SIZE",
  expected: "a size above 0 in octets, or with a unit of KiB, MiB, GiB, KB, MB, GB, such as 25MiB",
  read(text) {
    const match = /^(\d{1,15}(?:\.\d{1,3})?) ?([a-z]*)$/i.exec(text);
    const unit = units[match?.[2]?.toLowerCase() ?? "?"];
    if (match === null || unit === undefined) return undefined;
    const value = Number(match[1]) * unit;
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  },
};
