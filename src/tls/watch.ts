/** Certificates are renewed while a server runs: this notices. */

import { clearInterval, setInterval } from "node:timers";
import type { TlsOptions } from "./options.ts";
import { isPem } from "./pem.ts";
import { longestTimer } from "../timer.ts";

/** Ends the watch. */
export interface Watch extends Disposable {
  /** The files are not looked at any more. */
  close(): void;
}

/**
 * Calls back when one of the files that TLS options name has become another, and again when that happens again.
 *
 * It looks at the files now and then, and through symbolic links: whoever renews certificates exchanges a link, a folder
 * or a whole mount, and what the system says of changes in files covers none of these. Between the certificate's
 * change and its key's the two do not match, so it waits until a look finds nothing new.
 *
 * @param interval milliseconds between two looks. Default five seconds.
 *
 * @example
 * ```ts
 * import { watchTls } from "postern";
 *
 * const tls = { cert: "/etc/ssl/fullchain.pem", key: "/etc/ssl/privkey.pem" };
 * const watch = watchTls(tls, () => console.log("renewed")); // the place for server.reload({ tls })
 * watch.close();
 * ```
 */
export function watchTls(options: TlsOptions, changed: () => void, interval = 5000): Watch {
  const files = filesOf(options);
  let known: string | undefined;
  let seen: string | undefined;
  let isLooking = false;

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    const now = (await Promise.all(files.map(stamp))).join("\n");
    isLooking = false;
    const isSettled = now === seen;
    seen = now;
    if (known === undefined) known = now;
    else if (isSettled && now !== known) {
      known = now;
      changed();
    }
  }

  look();
  const timer = setInterval(look, Math.min(interval, longestTimer));
  // A watch alone is no reason for a process to go on.
  timer.unref();
  function close(): void {
    clearInterval(timer);
  }
  return { close, [Symbol.dispose]: close };
}

/** The files that TLS options name. */
export function filesOf({ cert, key, ca = [], sni = {} }: TlsOptions): string[] {
  const certificates = [{ cert, key }, ...Object.values(sni)];
  const all = [...certificates.flatMap((each) => [each.cert, each.key]), ...[ca].flat()];
  return [...new Set(all.filter((value) => !isPem(value)))];
}

/** What tells a file from the one that stood in its place before. */
async function stamp(file: string): Promise<string> {
  try {
    // Asked for when it is needed: there are platforms without files, and apps there import this package, too.
    const { stat } = await import("node:fs/promises");
    const { dev, ino, size, mtimeMs } = await stat(file);
    return [dev, ino, size, mtimeMs].join(" ");
  } catch {
    return "";
  }
}
