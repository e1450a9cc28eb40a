/** The app in the runtime that Cloudflare runs: the same outcome for the same twelve messages. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { send } from "postern/testing";
import { readMail } from "../mail/check.ts";
import app from "./app.ts";
import { doorMessages, type Outcome } from "./messages.ts";
import { available, startWorkerd, type Workerd } from "./workerd.ts";

setDefaultTimeout(60_000);

describe.skipIf(!available)("in workerd", () => {
  let running: Workerd;
  beforeAll(async () => {
    running = await startWorkerd();
  });
  afterAll(async () => await running[Symbol.asyncDispose]());

  async function byWorkerd({ name, from, to }: typeof doorMessages[number]): Promise<Outcome> {
    const query = new URLSearchParams({ from, to });
    const response = await fetch(`${running.url}/email?${query}`, {
      method: "POST",
      body: new Uint8Array(readMail(name)),
    });
    return await response.json() as Outcome;
  }

  test.each(
    doorMessages.map((message) => [`${message.name} from <${message.from}> to ${message.to}`, message] as const),
  )(
    "%s",
    async (_, message) => {
      const { outcome, text } = await byWorkerd(message);
      expect({ outcome, text }).toMatchObject({ outcome: message.outcome });
      if (outcome !== "refused") return;
      const options = message.parameters === undefined ? {} : { parameters: message.parameters };
      const result = await send(app, { ...message, data: readMail(message.name), ...options });
      const replies = [result.mail, ...result.rcpt, ...result.data === undefined ? [] : [result.data]];
      expect(text).toBe(replies.find(({ code }) => code >= 300)!.lines.join(" "));
    },
  );

  test("its HTTP routes are there, its stages are closed", async () => {
    expect(await (await fetch(`${running.url}/healthz`)).text()).toBe("ok");
    const { status } = await fetch(`${running.url}/deliver/example.com/bob`, { method: "POST", body: "x" });
    expect(status).toBe(404);
  });
});
