/** What `forward()` takes. */

import { type Format, type FormatName, formats } from "./format.ts";
import { isPrivateHost, PrivateAddressError } from "./private.ts";
import { signingKeys } from "./signature.ts";
import { visibleUrl } from "../visible.ts";

/** Options of {@linkcode forward}. */
export interface ForwardOptions {
  /**
   * `whsec_` and at least 24 octets in base64: each request is signed with it by Standard Webhooks. Several, while one
   * replaces the other. Left out, nothing is signed, and the function has to know by other means who asks; undefined is
   * an error, for it is mostly a variable that was not set.
   */
  readonly secret?: string | readonly string[];
  /** How the message is put into a request. Default `"raw"`. */
  readonly format?: FormatName | Format;
  /** Milliseconds for one decision, redirects included. Default 60 000; the handler's own time limit counts as well. */
  readonly timeout?: number;
  /** Requests at a time; more wait for their turn. Default 32. */
  readonly concurrency?: number;
  /** Whether the URL may point into a private network, or to this machine. Default false. */
  readonly allowPrivate?: boolean;
  /** More headers, for instance `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Asks by this `fetch` instead of connections of our own: a platform's service binding, or a test. It gets the body
   * in one piece, and looks after private addresses itself.
   */
  readonly fetch?: typeof globalThis.fetch;
}

/** The options, understood. */
export interface ForwardSettings {
  readonly url: URL;
  readonly keys: readonly Uint8Array<ArrayBuffer>[];
  readonly secret: string | undefined;
  readonly format: Format;
  readonly timeout: number;
  readonly concurrency: number;
  readonly allowPrivate: boolean;
  readonly headers: Headers;
}

/** @throws {TypeError | RangeError} for what cannot be; no password or secret is in the message. */
export function forwardSettings(url: string | URL, options: ForwardOptions): ForwardSettings {
  const { secret, format = "raw", timeout = 60_000, concurrency = 32, allowPrivate = false } = options;
  const target = targetOf(url);
  const headers = new Headers(options.headers);
  // A password in a URL is sent as what it is meant to be, and is nowhere else from here on.
  if (target.username !== "" || target.password !== "") {
    const credentials = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`;
    const bytes = new TextEncoder().encode(credentials);
    headers.set("authorization", `Basic ${btoa(String.fromCharCode(...bytes))}`);
    target.username = "";
    target.password = "";
  }
  const chosen = typeof format === "function" ? format : formats[format];
  if (chosen === undefined) {
    throw new TypeError(`Cannot forward in the format "${format}": there are ${Object.keys(formats).join(", ")}`);
  }
  // A fetch of one's own knows where it may go.
  if (options.fetch === undefined && !allowPrivate && isPrivateHost(target.hostname)) {
    throw new PrivateAddressError(target.hostname, target.hostname);
  }
  for (const [name, value] of Object.entries({ timeout, concurrency })) {
    if (!(value > 0)) throw new RangeError(`Cannot forward with ${name} ${value}: it is a number above 0`);
  }
  if (secret === undefined && "secret" in options) {
    throw new TypeError(`Cannot sign requests to ${target.host}: secret is undefined; leave it out to sign nothing`);
  }
  return {
    url: target,
    keys: secret === undefined ? [] : signingKeys(secret),
    secret: [secret ?? []].flat()[0],
    format: chosen,
    timeout,
    concurrency,
    allowPrivate,
    headers,
  };
}

function targetOf(url: string | URL): URL {
  if (!URL.canParse(url)) {
    throw new TypeError(`Cannot forward to "${visibleUrl(`${url}`)}": write a URL, as https://app.example/inbound`);
  }
  const target = new URL(url);
  if (target.protocol === "http:" || target.protocol === "https:") return target;
  throw new TypeError(`Cannot forward to ${target.protocol} URLs: write one that begins with https:// or http://`);
}
