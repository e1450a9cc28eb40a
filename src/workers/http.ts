/** HTTP beside workers: their parent answers for all of them. */

import { appOf, type MailHandler } from "../app/handler.ts";
import { HttpBeside, type ListenHttp } from "../operations/http.ts";
import { logHttpFailure } from "../operations/log.ts";
import { pages } from "../operations/page.ts";
import type { ServeOptions } from "../options.ts";

/**
 * Begins to serve HTTP, if that is asked for. The app's own routes are answered in this process, too.
 *
 * @param metrics those of all workers.
 * @throws {HttpListenError} when the address cannot be bound.
 */
export async function serveHttp(
  handler: MailHandler,
  options: ServeOptions,
  metrics: () => Promise<string>,
  listenHttp: ListenHttp | undefined,
): Promise<HttpBeside | undefined> {
  if (options.http === undefined) return undefined;
  const app = appOf(handler);
  const about = { app, bindings: options.env, background: new Set<Promise<unknown>>(), failed: logHttpFailure };
  const counted = options.metrics === false ? undefined : metrics;
  const front = {
    pages: (state: Parameters<typeof pages>[0]["state"]) => pages({ ...about, state, metrics: counted }),
  };
  return await HttpBeside.begin(options.http, front, listenHttp);
}
