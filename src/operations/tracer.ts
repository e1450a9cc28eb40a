/** Tracing, where somebody looks: what makes spans is loaded then, and not before. */

import type { Verdict } from "../app/dispatch.ts";
import type { StageEvent } from "../app/stage.ts";
import type { Observer } from "../session/observer.ts";
import type { Tracing, TracingObserver } from "./tracing.ts";

/** Where `@opentelemetry/api` keeps what an SDK registers, so that all copies of it find the same. */
const registry = Symbol.for("opentelemetry.js.api.1");

/** Whether an SDK of OpenTelemetry is there to take spans. Asked without loading the API. */
export function hasTracerProvider(): boolean {
  const registered = Reflect.get(globalThis, registry) as { readonly trace?: unknown } | undefined;
  return registered?.trace !== undefined;
}

/** Tells {@linkcode Tracing} of everything, once it is loaded. */
export class Tracer {
  #tracing: Tracing | undefined;
  readonly observer: Partial<Observer>;
  /** Resolves once spans are made. */
  readonly loaded: Promise<void>;

  constructor() {
    this.loaded = import("./tracing.ts").then(({ Tracing }) => void (this.#tracing = new Tracing()));
    // Whoever waits for it hears of a failure.
    this.loaded.catch(() => {});
    const tell = <Name extends keyof TracingObserver>(name: Name) => (...told: Parameters<TracingObserver[Name]>) => {
      (this.#tracing?.[name] as ((...told: unknown[]) => void) | undefined)?.apply(this.#tracing, told);
    };
    this.observer = {
      began: tell("began"),
      transactionBegan: tell("transactionBegan"),
      message: tell("message"),
      transactionEnded: tell("transactionEnded"),
      handshakeFailed: tell("handshakeFailed"),
      failed: tell("failed"),
      ended: tell("ended"),
    };
  }

  around(event: StageEvent, ask: () => Promise<Verdict>): Promise<Verdict> {
    return this.#tracing === undefined ? ask() : this.#tracing.around(event, ask);
  }

  handlerFailed(event: StageEvent, error: unknown): void {
    this.#tracing?.handlerFailed(event, error);
  }
}
