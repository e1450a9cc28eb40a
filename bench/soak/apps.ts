/** The app of a soak: mail for ok.test is taken and written down, mail for fault.test meets a handler that fails. */

import { Postern } from "postern";

/** The faults of handlers, by the local part that brings them about, and the reply that each must become. */
export const handlerFaults: Readonly<Record<string, number>> = {
  throw: 451,
  late: 451,
  nonsense: 451,
  nothing: 451,
  hang: 451,
  block: 250,
  body: 451,
  half: 250,
  keep: 250,
};

/** Milliseconds for which the worst handler blocks the loop. */
export const blockTime = 100;

/** The field by which a message is known again. */
export const idField = "x-soak-id";

/** Makes the app; `delivered` is told of each recipient's copy. */
export function soakApp(delivered: (copy: string) => void): Postern {
  const app = new Postern();
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  app.deliver("throw@fault.test", () => {
    throw new Error("at once");
  });
  app.deliver("late@fault.test", async () => {
    await pause(20);
    throw new Error("late");
  });
  app.deliver("nonsense@fault.test", () => Promise.reject(undefined));
  app.deliver("nothing@fault.test", (() => undefined) as never);
  app.deliver("hang@fault.test", () => new Promise<Response>(() => {}));
  app.deliver("block@fault.test", (c) => {
    const end = performance.now() + blockTime;
    while (performance.now() < end);
    return c.body(null, 204);
  });
  app.deliver("body@fault.test", () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error("the body failed")) });
    return new Response(body, { status: 250, headers: { "content-type": "text/plain" } });
  });
  app.deliver("half@fault.test", async (c) => {
    await c.var.mail.stream().getReader().read();
    return c.body(null, 204);
  });
  app.deliver("keep@fault.test", (c) => {
    // It reads when the message is gone, and is told so.
    setTimeout(() => c.var.mail.bytes().catch(() => {}), 50);
    return c.body(null, 204);
  });
  app.deliver("*@ok.test", async (c) => {
    const { mail, recipient } = c.var;
    let octets = 0;
    for await (const chunk of mail) octets += chunk.length;
    if (octets !== mail.size) return c.body(null, 500);
    delivered(`${mail.headers.get(idField)} ${recipient.local}`);
    return c.body(null, 204);
  });
  return app;
}
