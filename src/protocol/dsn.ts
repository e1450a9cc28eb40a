/** The values of the parameters for delivery status notifications (RFC 3461 section 4, RFC 6533 section 3). */

import { upperAscii } from "./case.ts";
import { decodeXtext } from "./xtext.ts";

/** When the sender wants to hear of a recipient: never, or on these occasions. */
export type Notify = "NEVER" | readonly NotifyOccasion[];

/** An occasion for a notification. */
export type NotifyOccasion = "SUCCESS" | "FAILURE" | "DELAY";

/** The recipient as the sender first wrote it, before any list or alias. */
export interface OriginalRecipient {
  /** In lower case: `rfc822`, `utf-8` or another registered type. */
  readonly type: string;
  /** Decoded. */
  readonly address: string;
}

const occasions: readonly string[] = ["SUCCESS", "FAILURE", "DELAY"];

/** NOTIFY (section 4.1): NEVER stands alone, the others in any order. */
export function parseNotify(value: string | undefined): Notify | undefined {
  if (value === undefined) return undefined;
  const words = upperAscii(value).split(",");
  if (words.length === 1 && words[0] === "NEVER") return "NEVER";
  if (!words.every((word) => occasions.includes(word))) return undefined;
  return [...new Set(words)] as NotifyOccasion[];
}

/** RET (section 4.3): how much of the message a notification of failure returns. */
export function parseRet(value: string | undefined): "FULL" | "HDRS" | undefined {
  const ret = upperAscii(value ?? "");
  return ret === "FULL" || ret === "HDRS" ? ret : undefined;
}

const printableAscii = /^[\x20-\x7e]+$/;

/** ENVID (section 4.4): xtext of at most 100 characters that stands for printable ASCII. */
export function parseEnvid(value: string | undefined): string | undefined {
  if (value === undefined || value.length > 100) return undefined;
  const envid = decodeXtext(value);
  return envid !== undefined && printableAscii.test(envid) ? envid : undefined;
}

/** addr-type is an atom (RFC 5322 section 3.2.3). */
const typed = /^([\w!#$%&'*+/=?^`{|}~-]+);(.+)$/u;

/** ORCPT (section 4.2): a type and an address, at most 500 characters. */
export function parseOrcpt(value: string | undefined): OriginalRecipient | undefined {
  if (value === undefined || value.length > 500) return undefined;
  const match = typed.exec(value);
  if (match === null) return undefined;
  const type = match[1]!.toLowerCase();
  const address = type === "utf-8" ? decodeUtf8Address(match[2]!) : decodeXtext(match[2]!);
  if (address === undefined || (type !== "utf-8" && !printableAscii.test(address))) return undefined;
  return { type, address };
}

/** utf-8-addr-xtext and utf-8-addr-unitext: a backslash, `x` and a code point in braces for what may not stand itself. */
const utf8Address = /^(?:[\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]|[^\x00-\x9f]|\\x\{[0-9A-F]{2,6}\})+$/u;

function decodeUtf8Address(value: string): string | undefined {
  if (!utf8Address.test(value)) return undefined;
  const points = value.matchAll(/\\x\{([0-9A-F]+)\}/g);
  for (const [, hex] of points) if (!isPrintable(parseInt(hex!, 16))) return undefined;
  return value.replace(/\\x\{([0-9A-F]+)\}/g, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)));
}

/** Neither a control character nor a surrogate, nor past the end of Unicode. */
function isPrintable(point: number): boolean {
  return point >= 0x20 && !(point >= 0x7f && point < 0xa0) && !(point >= 0xd800 && point < 0xe000) && point <= 0x10ffff;
}
