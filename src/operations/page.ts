/** What a server answers over HTTP: how it is, its numbers, and the app's own routes. */

import type { Hono } from "hono";
import { failureKey } from "../app/entrance.ts";
import { contentType } from "./exposition.ts";

/** How the server is. */
export interface State {
  /** Whether all listeners are bound. */
  readonly isReady: boolean;
  /** Whether it takes no more connections, and only finishes what it has. */
  readonly isDraining: boolean;
}

/** What the pages need. */
export interface PageOptions {
  readonly app: Hono;
  readonly state: State;
  /** Absent: nothing is counted. */
  readonly metrics: (() => Promise<string>) | undefined;
  /** `c.env`, beside what the runtime binds. */
  readonly bindings: object | undefined;
  /** Work that goes on after its response (`waitUntil`). */
  readonly background: Set<Promise<unknown>>;
  /** Told of an app's HTTP handler that threw. */
  failed(method: string, path: string, error: unknown): void;
}

/** Answers a request; `bindings` are the runtime's own. */
export type PageHandler = (request: Request, bindings: object) => Response | Promise<Response>;

/**
 * The pages: `/healthz`, `/readyz` and `/metrics`, and besides them whatever the app answers.
 *
 * An app's own route by one of these names is asked instead; while the server drains, `/healthz` and `/readyz` are 503
 * whatever it would say.
 */
export function pages(options: PageOptions): PageHandler {
  const { app, state, metrics } = options;
  const own = new Set(
    app.routes.filter(({ method }) => method === "GET" || method === "ALL").map(({ path }) => path),
  );

  function health(isGood: boolean, words: string): Response {
    return page(isGood ? 200 : 503, isGood ? "ok" : words);
  }

  async function built(path: string): Promise<Response | undefined> {
    const isAsked = !own.has(path);
    switch (path) {
      case "/healthz":
        return isAsked || state.isDraining ? health(!state.isDraining, "draining") : undefined;
      case "/readyz": {
        const isGood = state.isReady && !state.isDraining;
        return isAsked || !isGood ? health(isGood, state.isDraining ? "draining" : "not listening yet") : undefined;
      }
      case "/metrics":
        if (!isAsked || metrics === undefined) return undefined;
        return new Response(await metrics(), { headers: { "content-type": contentType, "cache-control": "no-store" } });
    }
    return undefined;
  }

  return async (request, bindings) => {
    const { method, url } = request;
    // Not by `URL`: what stands in Host is the client's, and need not make one.
    const [, pathname = "/"] = /^(?:[a-z]+:\/\/[^/?#]*)?([^?#]*)/i.exec(url) ?? [];
    const isRead = method === "GET" || method === "HEAD";
    const found = isRead ? await built(pathname) : undefined;
    if (found !== undefined) return method === "HEAD" ? new Response(null, found) : found;
    if (!URL.canParse(url)) return page(400, "The Host header is missing, or no host");
    const failed = (error: unknown) => options.failed(method, pathname, error);
    const env = { ...options.bindings, ...bindings, [failureKey]: failed };
    return await app.fetch(request, env, executionContext(options.background));
  };
}

function page(status: number, words: string): Response {
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  return new Response(`${words}\n`, { status, headers });
}

function executionContext(background: Set<Promise<unknown>>): Parameters<Hono["fetch"]>[2] {
  return {
    waitUntil(work: Promise<unknown>): void {
      const done = Promise.resolve(work).catch(() => {}).finally(() => background.delete(done));
      background.add(done);
    },
    passThroughOnException(): void {},
    props: {},
  };
}
