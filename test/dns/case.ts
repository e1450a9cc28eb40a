import { type DnsOptions, dnsResolver, type Resolver } from "../../src/dns/mod.ts";
import { type Script, type ScriptedServer, scriptedServer } from "./server.ts";
import type packet from "dns-packet";

/** Named cases that use no test runner, so that the same ones run on Bun, Deno and Node. */
export type Cases = Record<string, () => Promise<void>>;

/** Adds a case: a resolver of ours and a server that does what the script says, over real sockets. */
export function each(
  cases: Cases,
  name: string,
  script: Script,
  body: (resolver: Resolver, server: ScriptedServer) => Promise<void>,
  options: DnsOptions = {},
): void {
  cases[name] = async () => {
    const server = await scriptedServer(script);
    try {
      await body(dnsResolver({ servers: [server.address], timeout: 2000, attempts: 2, ...options }), server);
    } finally {
      await server.close();
    }
  };
}

/** An A record. */
export function address(name: string, data: string, ttl: number = 60): packet.Answer {
  return { type: "A", name, class: "IN", ttl, data };
}

/** A CNAME record. */
export function alias(name: string, data: string, ttl: number = 60): packet.Answer {
  return { type: "CNAME", name, class: "IN", ttl, data };
}
