/** Several places to listen, on the command line: `25,465/tls,587/submission`. */

import type { ListenerOptions, ServeOptions } from "../options.ts";
import { bracketed } from "../protocol/address.ts";
import { type Kind, port } from "./kind.ts";

type Rules = Omit<ListenerOptions, "port" | "hostname" | "unix" | "native">;

/** What may stand behind a port. */
const rules: Readonly<Record<string, Rules>> = {
  tls: { implicitTls: true },
  submission: { submission: true },
  lmtp: { protocol: "lmtp" },
  "require-tls": { requireTls: true },
  "require-auth": { requireAuth: true },
};

/** A list of ports, an address before and rules behind each if need be. */
export const listeners: Kind<readonly ListenerOptions[]> = {
  placeholder: "PORT[/RULE][,…]",
  expected: `a list of ports such as 25,465/tls,587/submission; an address may stand before a port, as in ` +
    `127.0.0.1:25 or [::1]:25, and ${Object.keys(rules).join(", ")} behind it`,
  read(written) {
    const read = written.split(",").map((word) => listener(word.trim()));
    return read.every((each) => each !== undefined) ? read : undefined;
  },
};

function listener(word: string): ListenerOptions | undefined {
  const [place = "", ...names] = word.split("/");
  const [, inBrackets, plain, number = ""] = /^(?:(?:\[([\da-f:.]+)\]|([\w.-]+)):)?(\d+)$/i.exec(place) ?? [];
  const where = port.read(number);
  if (where === undefined || !names.every((name) => Object.hasOwn(rules, name))) return undefined;
  const hostname = inBrackets ?? plain;
  return Object.assign(
    { port: where, ...(hostname === undefined ? {} : { hostname }) },
    ...names.map((name) => rules[name]),
  );
}

/** Where the options say to listen, in words: `0.0.0.0:25`, or the path of a Unix socket. */
export function placesOf(options: ServeOptions): readonly string[] {
  if (options.unix !== undefined) return [options.unix];
  const places = options.listeners ?? [{ port: options.port ?? 2525 }];
  return places.map(({ port = 2525, hostname = options.hostname ?? "0.0.0.0", unix }) =>
    unix ?? `${bracketed(hostname)}:${port}`
  );
}
