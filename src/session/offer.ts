/** Which extensions a server offers: worked out once, looked up for every parameter. */

import type { Envelope, Recipient } from "./envelope.ts";
import { type Extension, type ExtensionName, extensions, type ParameterRule } from "./extensions.ts";

/**
 * Extensions to switch on (`true`) or off (`false`) by name.
 *
 * On by default: `pipelining`, `size`, `auth` (where the application has handlers for it), `eightBitMime`, `smtputf8`,
 * `enhancedStatusCodes`, `prdr`, `chunking`, `binaryMime`, `limits`, and `xclient` and `xforward` (for the addresses in
 * the option of that name). Off by default, because who advertises them promises what only the application can keep:
 * `dsn`, `requireTls`, `deliverBy`, `futureRelease`, `mtPriority`, `rrvs` and `noSoliciting`.
 */
export type ExtensionSwitches = Readonly<Partial<Record<ExtensionName, boolean>>>;

/** A parameter, and the extension that brings it. */
export interface OfferedParameter<T> {
  readonly extension: Extension;
  readonly rule: ParameterRule<T>;
}

/** The extensions that are switched on. */
export interface Offer {
  /** In the order in which they are advertised. */
  readonly extensions: readonly Extension[];
  /** Parameters of MAIL by upper-case keyword. */
  readonly mail: ReadonlyMap<string, OfferedParameter<Envelope>>;
  /** Parameters of RCPT by upper-case keyword. */
  readonly rcpt: ReadonlyMap<string, OfferedParameter<Recipient>>;
  /** By how many octets all of them together lengthen the longest MAIL line, and the longest RCPT line. */
  readonly octets: { readonly mail: number; readonly rcpt: number };
  /** Whether an extension is switched on. */
  has(name: ExtensionName): boolean;
}

const names = Object.keys(extensions) as ExtensionName[];

/** What is offered with these switches. */
export function offerOf(switches: ExtensionSwitches = {}): Offer {
  const chosen = new Set(names.filter((name) => switches[name] ?? !extensions[name].isOptIn));
  const offered = [...chosen].map((name) => extensions[name]);
  return {
    extensions: offered,
    mail: parametersOf(offered, "mail") as Offer["mail"],
    rcpt: parametersOf(offered, "rcpt") as Offer["rcpt"],
    octets: { mail: sum(offered, "mailOctets"), rcpt: sum(offered, "rcptOctets") },
    has: (name) => chosen.has(name),
  };
}

/** What lines are as long as with every extension on: longer ones need not be read to be refused. */
export const mostOctets: number = Math.max(
  sum(Object.values(extensions), "mailOctets"),
  sum(Object.values(extensions), "rcptOctets"),
);

/** @throws {TypeError} for a name that is no extension's, and for a switch that is no boolean. */
export function validateSwitches(switches: ExtensionSwitches): void {
  for (const [name, isOn] of Object.entries(switches)) {
    if (!Object.hasOwn(extensions, name)) {
      throw new TypeError(`Cannot switch the extension "${name}": the extensions are ${names.join(", ")}`);
    }
    if (isOn !== undefined && typeof isOn !== "boolean") {
      throw new TypeError(`Cannot switch the extension "${name}" to ${isOn}: it is true or false`);
    }
  }
}

/** BODY belongs to two extensions, and has the same rule in both: it is understood where either is offered. */
function parametersOf(offered: readonly Extension[], verb: "mail" | "rcpt"): Map<string, unknown> {
  const parameters = new Map<string, unknown>();
  for (const extension of offered) {
    for (const [keyword, rule] of Object.entries(extension[verb] ?? {})) {
      if (!parameters.has(keyword)) parameters.set(keyword, { extension, rule });
    }
  }
  return parameters;
}

function sum(offered: readonly Extension[], key: "mailOctets" | "rcptOctets"): number {
  return offered.reduce((octets, extension) => octets + (extension[key] ?? 0), 0);
}
