/** Which transport there is. */

import type { SocketTransportOptions } from "./sockets.ts";
import { fetchTransport, type Transport } from "./transport.ts";

/** What is loaded for it; tests have others. */
export interface TransportModules {
  http(): Promise<{ readonly request?: unknown }>;
  sockets(): Promise<{ socketTransport(options: SocketTransportOptions): Transport }>;
}

const modules: TransportModules = {
  http: () => import("node:http"),
  sockets: () => import("./sockets.ts"),
};

/**
 * Connections of our own. Only where the platform has none, as in Workers, is it the platform's fetch, which looks at no
 * address: it must not stand in for a module that could not be loaded.
 */
export async function openTransport(
  options: SocketTransportOptions,
  { http, sockets }: TransportModules = modules,
): Promise<Transport> {
  if (!await isThere(http)) return fetchTransport(globalThis.fetch);
  const { socketTransport } = await sockets();
  return socketTransport(options);
}

/** A module of the platform's own: it is there or not, and no want of anything keeps it from being loaded. */
async function isThere(http: TransportModules["http"]): Promise<boolean> {
  try {
    return typeof (await http()).request === "function";
  } catch {
    return false;
  }
}
