import { expect, test } from "bun:test";
import { Postern, prependField, removeFields } from "postern";
import { send } from "postern/testing";

const crlf = (text: string): string => text.replace(/\n/g, "\r\n");
const message = "Subject: hi\nX-Spam: no\n  really\nx-spam : twice\nTo: b@y.test\n\nX-Spam: body\n";

/** What `deliver` read, in each of the ways there are. */
async function delivered(arrange: (app: Postern) => void, options = {}): Promise<string> {
  const app = new Postern();
  arrange(app);
  let seen = "";
  app.deliver("*", async (c) => {
    seen = await c.var.mail.text();
    const chunks: Uint8Array[] = [];
    for await (const chunk of c.var.mail) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe(seen);
    expect(await new Response(c.var.mail.stream()).text()).toBe(seen);
    expect(c.var.mail.size).toBe(seen.length);
    const fields = seen.slice(0, seen.indexOf("\r\n\r\n")).split(/\r\n(?![ \t])/).length;
    expect([...c.var.mail.headers]).toHaveLength(fields);
    return c.body(null, 204);
  });
  const { data } = await send(app, { from: "a@x.test", to: "b@y.test", data: message }, options);
  expect(data?.code).toBe(250);
  return seen;
}

test("a field that middleware adds stands below Return-Path and above Received, the newest first", async () => {
  const seen = await delivered((app) => {
    app.mail(async (c, next) => {
      prependField(c.var.envelope, "X-One", "1");
      prependField(c.var.envelope, "X-Two", "2\r\n folded");
      await next();
    });
  });
  expect(seen).toStartWith("Return-Path: <a@x.test>\r\nX-Two: 2\r\n folded\r\nX-One: 1\r\nReceived: from client.test");
  expect(seen).toEndWith(crlf(message));
});

test("handlers of data find a field in the message that was added a moment ago", async () => {
  const names: string[][] = [];
  await delivered((app) => {
    app.data(async (c, next) => {
      names.push([...c.var.mail.headers].map(([name]) => name));
      prependField(c.var.envelope, "X-One", "1");
      names.push([...c.var.mail.headers].map(([name]) => name));
      await next();
    });
  });
  expect(names[0]![0]).toBe("Received");
  expect(names[1]!.slice(0, 2)).toEqual(["X-One", "Received"]);
});

test.each([["in memory", {}], ["in a file", { spool: { memoryPerMessage: 1 } }]])(
  "fields are taken out of the client's header %s, folded lines with them, and nothing else is touched",
  async (_, options) => {
    const seen = await delivered((app) => {
      app.data(async (c, next) => {
        prependField(c.var.envelope, "X-Spam", "ours");
        removeFields(c.var.envelope, (name) => name.toLowerCase() === "x-spam");
        await next();
      });
    }, options);
    expect(seen).toContain("X-Spam: ours\r\nReceived:");
    expect(seen).toEndWith(crlf("\nSubject: hi\nTo: b@y.test\n\nX-Spam: body\n"));
  },
);

test("a message keeps its fingerprint, whatever is added or taken out", async () => {
  const prints: string[] = [];
  const app = new Postern();
  app.data(async (c, next) => {
    prints.push(await c.var.mail.fingerprint());
    removeFields(c.var.envelope, () => true);
    prependField(c.var.envelope, "X-One", "1");
    prints.push(await c.var.mail.fingerprint());
    await next();
  });
  app.deliver("*", (c) => c.body(null, 204));
  await send(app, { from: "a@x.test", to: "b@y.test", data: message });
  expect(prints[0]).toBe(prints[1]!);
});

test.each([["X One", "1"], ["", "1"], ["X:", "1"], ["X", "1\r\nBcc: x"], ["X", "1\n 2"], ["X", "1\r\n \r\n x"], [
  "X",
  "\0",
]])(
  "the field %p: %p is refused",
  async (name, value) => {
    let error: unknown;
    await delivered((app) => {
      app.mail(async (c, next) => {
        try {
          prependField(c.var.envelope, name, value);
        } catch (caught) {
          error = caught;
        }
        await next();
      });
    });
    expect(error).toBeInstanceOf(TypeError);
  },
);
