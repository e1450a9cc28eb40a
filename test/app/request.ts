/** The Request of a stage as a bare function reads it: cases that use no test runner, so that they run on each runtime. */

import { deepStrictEqual as equal, ok } from "node:assert";
import type { FetchFunction } from "../../src/mod.ts";
import { send, type TestMail } from "../../src/testing/mod.ts";

const mail: TestMail = { from: "s@y.test", to: "a+t@x.test", data: "Subject: x\r\n\r\n{}\r\n" };

/** Hands a message to a bare function, or to an object with one, and returns the reply. */
async function asked(handle: FetchFunction, change: Partial<TestMail> = {}): Promise<string> {
  let problem: unknown;
  const handler: FetchFunction = async (request, env, context) => {
    try {
      return await handle(request, env, context);
    } catch (error) {
      problem = error;
      throw error;
    }
  };
  const [one, two] = [
    await send(handler, { ...mail, ...change }),
    await send({ fetch: handler }, { ...mail, ...change }),
  ];
  if (problem !== undefined) throw problem;
  const said = ({ data, rcpt }: typeof one) => (data ?? rcpt[0])!.raw.replace(/queued as .*/, "queued");
  equal(said(one), said(two));
  return said(one);
}

/** Reads the whole body in a way of its own; gives the text. */
const ways: Readonly<Record<string, (request: Request) => Promise<string>>> = {
  "text()": (request) => request.text(),
  "arrayBuffer()": async (request) => new TextDecoder().decode(await request.arrayBuffer()),
  "blob()": async (request) => await (await request.blob()).text(),
  "body": async (request) => await new Response(request.body).text(),
  "an iteration over body": async (request) => {
    let text = "";
    for await (const chunk of request.body!) text += new TextDecoder().decode(chunk);
    return text;
  },
  "clone().text()": (request) => request.clone().text(),
  "clone().clone().text()": (request) => request.clone().clone().text(),
  "new Request(url, request)": (request) => new Request("http://elsewhere.test/", request).text(),
  "new Request(request.clone())": (request) => new Request(request.clone()).text(),
  "new Request(url, { body })": (request) =>
    new Request("http://elsewhere.test/", { method: "POST", body: request.body, duplex: "half" } as RequestInit).text(),
};

export const cases: Record<string, () => Promise<void>> = {
  "a bare function is told all by the Request": async () => {
    const reply = await asked((request, env, context) => {
      ok(request instanceof Request);
      equal(request.method, "POST");
      equal(new URL(request.url).pathname, "/deliver/x.test/a%2Bt");
      const { headers } = request;
      equal(headers.get("smtp-remote-address"), "127.0.0.1");
      equal(headers.get("smtp-helo"), "client.test");
      equal(headers.get("smtp-mail-from"), "s@y.test");
      equal(headers.get("smtp-rcpt-to"), "a+t@x.test");
      equal(headers.get("smtp-user"), null);
      equal(headers.get("content-type"), "message/rfc822");
      ok(/^\w+$/.test(headers.get("smtp-session-id") ?? ""));
      ok(headers.get("smtp-message-id")?.startsWith(headers.get("smtp-session-id")!));
      equal(typeof env, "object");
      equal(typeof context?.waitUntil, "function");
      equal(request.signal.aborted, false);
      equal(request.bodyUsed, false);
      return new Response("thanks", { headers: { "content-type": "text/plain" } });
    });
    equal(reply, "250 2.0.0 thanks");
  },

  "header values are printable ASCII, and can be read back": async () => {
    const addresses = [
      "\u00fc%41@b\u00fccher.test",
      '"a, b"@x.test',
      '"\u{1f600} "@x.test',
      "a*b'c@x.test",
      "\u212a@x.test",
    ];
    for (const address of addresses) {
      await asked((request) => {
        for (const name of ["smtp-rcpt-to", "smtp-mail-from"]) {
          const value = request.headers.get(name)!;
          ok(/^[\x21-\x2b\x2d-\x7e ]+$/.test(value), value);
          equal(decodeURIComponent(value), address);
        }
        equal(request.headers.get("smtp-helo"), "[IPv6:::1%25,]".replace(",", "%2C"));
        const [domain, local] = new URL(request.url).pathname.split("/").slice(2).map(decodeURIComponent);
        equal(`${local}@${domain}`.length > 3, true);
        return new Response(null, { status: 204 });
      }, { to: address, from: address, parameters: "SMTPUTF8", helo: "[IPv6:::1%,]" });
    }
  },

  "the null sender is empty": async () => {
    await asked((request) => {
      equal(request.headers.get("smtp-mail-from"), "");
      return new Response(null, { status: 204 });
    }, { from: "" });
  },

  "the body can be read in every way, and content-length is its length": async () => {
    for (const [way, read] of Object.entries(ways)) {
      await asked(async (request) => {
        const text = await read(request);
        ok(text.endsWith("\r\nSubject: x\r\n\r\n{}\r\n"), way);
        ok(text.startsWith("Return-Path: <s@y.test>\r\nReceived: "), way);
        equal(request.headers.get("content-length"), `${new TextEncoder().encode(text).length}`, way);
        return new Response(null, { status: 204 });
      });
    }
  },

  "clones read the whole body, before and after it was read": async () => {
    await asked(async (request) => {
      const before = request.clone();
      const text = await request.text();
      equal(request.bodyUsed, true);
      equal(await before.text(), text);
      equal(await request.clone().text(), text);
      equal(before.headers.get("smtp-rcpt-to"), "a+t@x.test");
      equal(before.url, request.url);
      return new Response(null, { status: 204 });
    });
  },

  "a body that was read is not read again": async () => {
    await asked(async (request) => {
      await request.text();
      await request.text().then(() => ok(false, "read twice"), (error) => ok(error instanceof TypeError));
      return new Response(null, { status: 204 });
    });
  },

  "json() and formData() of what is neither reject": async () => {
    for (const read of ["json", "formData"] as const) {
      await asked(async (request) => {
        await request[read]().then(() => ok(false, read), (error) => ok(error instanceof Error));
        return new Response(null, { status: 204 });
      });
    }
  },

  "what a Request has beside is there": async () => {
    await asked((request) => {
      equal(typeof request.redirect, "string");
      equal("url" in request && "cache" in request, true);
      equal(request.constructor.name.length > 0, true);
      return new Response(null, { status: 204 });
    });
  },

  "the Response decides": async () => {
    equal((await asked(() => new Response(null, { status: 404 }))).slice(0, 9), "550 5.1.1");
    equal((await asked(() => new Response("no", { status: 550 }))).slice(0, 12), "550 5.0.0 no");
    equal((await asked(() => Promise.resolve(new Response(null)))).slice(0, 9), "250 2.0.0");
    equal(
      (await asked((request) => new Response(request.headers.get("smtp-rcpt-to")))).slice(0, 20),
      "250 2.0.0 a+t@x.test",
    );
  },

  "a function that throws, or returns nothing, is 451": async () => {
    const replies = [
      await send(() => {
        throw new Error("x");
      }, mail),
      await send(() => Promise.reject(new Error("x")), mail),
      await send((() => undefined) as never, mail),
    ];
    for (const { data } of replies) equal(data?.raw.slice(0, 9), "451 4.3.0");
  },

  "fetch is called as a method": async () => {
    class Handler {
      readonly #text = "mine";
      fetch(): Response {
        return new Response(this.#text);
      }
    }
    equal((await send(new Handler(), mail)).data?.raw, "250 2.0.0 mine");
  },
};
