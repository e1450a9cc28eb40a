import { getServers } from "node:dns";
import { readFileSync } from "node:fs";
import ipaddr from "ipaddr.js";

/** Where a DNS server listens. */
export interface ServerAddress {
  /** An IPv4 or IPv6 address; the latter may have a zone (`fe80::1%eth0`). */
  readonly address: string;
  /** Default 53. */
  readonly port: number;
}

/** What `/etc/resolv.conf` says, as far as it matters here. */
export interface ResolvConf {
  /** In the order in which they are asked. */
  readonly servers: readonly ServerAddress[];
  /** Milliseconds for one try; undefined when the file does not say. */
  readonly timeout: number | undefined;
  /** Rounds over the servers; undefined when the file does not say. */
  readonly attempts: number | undefined;
}

/** resolv.conf(5): more servers, seconds and attempts than these are cut down to them. */
const mostServers = 3;
const longestTimeout = 30;
const mostAttempts = 5;

/**
 * Reads the text of a resolv.conf(5). Search lists and `ndots` have no place here: every name in mail is absolute.
 * Lines that make no sense are passed over, as the C library does.
 */
export function parseResolvConf(text: string): ResolvConf {
  const servers: ServerAddress[] = [];
  let timeout: number | undefined;
  let attempts: number | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [keyword, ...words] = line.replace(/[#;].*$/, "").trim().split(/\s+/);
    if (keyword === "nameserver" && words[0] !== undefined && servers.length < mostServers) {
      if (ipaddr.isValid(words[0])) servers.push({ address: words[0], port: 53 });
    } else if (keyword === "options") {
      for (const word of words) {
        const [, name, digits] = /^(timeout|attempts):(\d{1,9})$/.exec(word) ?? [];
        if (name === "timeout") timeout = Math.min(Math.max(Number(digits), 1), longestTimeout) * 1000;
        if (name === "attempts") attempts = Math.min(Math.max(Number(digits), 1), mostAttempts);
      }
    }
  }
  return { servers, timeout, attempts };
}

/**
 * What the system says of DNS servers. Where there is no resolv.conf (Windows), the runtime is asked.
 *
 * @throws Error when neither may be read, as on Deno without `--allow-read=/etc/resolv.conf`.
 */
export function systemResolvConf(path: string = "/etc/resolv.conf"): ResolvConf {
  let found: ResolvConf;
  try {
    found = parseResolvConf(readFileSync(path, "utf8"));
  } catch (unread) {
    found = { servers: runtimeServers(path, unread), timeout: undefined, attempts: undefined };
  }
  // resolv.conf(5): with none named, the one on this machine.
  return found.servers.length > 0 ? found : { ...found, servers: [{ address: "127.0.0.1", port: 53 }] };
}

function runtimeServers(path: string, unread: unknown): ServerAddress[] {
  try {
    // Deno names each server twice here (seen on 2.9), hence the Set.
    return [...new Set(getServers())].slice(0, mostServers).map(parseServer);
  } catch {
    throw new Error(`Cannot find the system's DNS servers: allow reading ${path}, or name them in \`servers\``, {
      cause: unread,
    });
  }
}

/**
 * Reads `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`.
 *
 * @throws TypeError for anything else; a server is named by its address, never by a name.
 */
export function parseServer(text: string): ServerAddress {
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text);
  const dotted = /^([\d.]+)(?::(\d{1,5}))?$/.exec(text);
  const address = bracketed?.[1] ?? dotted?.[1] ?? text;
  const port = Number(bracketed?.[2] ?? dotted?.[2] ?? 53);
  if (!ipaddr.isValid(address) || port < 1 || port > 65535) {
    throw new TypeError(
      `Cannot use ${
        JSON.stringify(text)
      } as a DNS server: give an IP address, with a port as 192.0.2.53:5353 or [2001:db8::53]:5353`,
    );
  }
  return { address, port };
}

/** Whether a datagram came from this server: the same port, and the same address however it is written. */
export function isFrom(server: ServerAddress, address: string, port: number): boolean {
  return port === server.port && plain(address) === plain(server.address);
}

/** One spelling for each address, without the zone. */
function plain(address: string): string {
  const bare = address.replace(/%.*$/, "");
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : bare;
}
