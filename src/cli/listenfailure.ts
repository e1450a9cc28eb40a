/** Why an address could not be bound, in words that say what to do. */

import { HttpListenError } from "../operations/http.ts";
import { describeError, visible } from "../visible.ts";
import type { ServeOptions } from "../options.ts";
import { bracketed } from "../protocol/address.ts";
import { CommandError } from "./failure.ts";
import { placesOf } from "./listeners.ts";

/** The failure of `serve()` as a line. The runtimes word it differently, but all give the system's code. */
export function listenFailure(error: unknown, options: ServeOptions): CommandError {
  if (error instanceof HttpListenError) return httpFailure(error);
  const own = error instanceof Error ? ownWords(error) : undefined;
  if (own !== undefined) return new CommandError(own, { cause: error });
  // All are bound or none, and the runtimes do not say which could not be.
  const where = `${options.listeners === undefined ? "" : "all of "}${placesOf(options).map(visible).join(", ")}`;
  return new CommandError(`cannot listen on ${where}: ${reason(error, options)}`, { cause: error });
}

/** What this package itself says of options that cannot be, by the names that they have on the command line. */
function ownWords({ message }: Error): string | undefined {
  if (!message.startsWith("Cannot ")) return undefined;
  return visible(`c${message.slice(1)}`).replace(/\btls\.(cert|key|passphrase)\b/g, "--tls-$1");
}

/** The same for HTTP, whose flags have other names. */
function httpFailure({ port, hostname, cause }: HttpListenError): CommandError {
  const why = reason(cause, { port, hostname }).replace(/--(?=port|hostname)/g, "--http-");
  return new CommandError(`cannot serve HTTP on ${visible(bracketed(hostname))}:${port}: ${why}`, { cause });
}

function reason(error: unknown, options: ServeOptions): string {
  const { unix, hostname = "0.0.0.0", listeners = [options] } = options;
  const isPrivileged = listeners.some(({ port = 2525 }) => port > 0 && port < 1024);
  switch ((error as { code?: unknown } | undefined)?.code) {
    case "EADDRINUSE":
      return unix === undefined
        ? "the port is in use; stop what uses it, or choose another with --port (0 for any free one)"
        : "there is a file of that name; remove it if no server uses it any more, or choose another with --unix";
    case "EACCES":
    case "EPERM":
      if (unix !== undefined) return "no permission to make that file; choose another place with --unix";
      return isPrivileged
        ? "no permission for a port below 1024; choose another with --port, or permit it (on Linux: CAP_NET_BIND_SERVICE)"
        : "no permission for that port; choose another with --port";
    case "ENOENT":
      return "there is no such directory; make it, or choose another place with --unix";
    case "EADDRNOTAVAIL":
      return "this machine has no such address; choose one of its own with --hostname";
  }
  // For a name that nothing is known of, two of the runtimes have no code.
  if (unix === undefined && !/^[\d.]+$|:/.test(hostname)) {
    return `perhaps ${visible(hostname)} is no name of this machine; give an address with --hostname (${
      describeError(error)
    })`;
  }
  return describeError(error);
}
