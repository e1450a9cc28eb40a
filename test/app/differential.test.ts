/** The engine's own way through an app against Hono's: the same answers, and the same calls of the same handlers. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Context, Hono, type MiddlewareHandler, type Next } from "hono";
import { HTTPException } from "hono/http-exception";
import { basePath, routePath } from "hono/route";
import { LinearRouter } from "hono/router/linear-router";
import { PatternRouter } from "hono/router/pattern-router";
import { TrieRouter } from "hono/router/trie-router";
import { Postern, reply } from "postern";
import { send } from "postern/testing";

type Behaviour = (name: string) => (c: Context, next: Next) => unknown;

const passing: Record<string, Behaviour> = {
  // What next() gives is no answer: Hono's is its context, where no handler has answered.
  passes: () => async (_, next) => {
    await next();
  },
  "sets a variable": (name) => async (c, next) => {
    c.set("own" as never, `${c.get("own" as never) ?? ""}${name}` as never);
    await next();
  },
  "has second thoughts": (name) => async (c, next) => {
    await next();
    return c.res.status === 404 ? c.text(`second thoughts of ${name}`) : undefined;
  },
};

const behaviours: Record<string, Behaviour> = {
  ...passing,
  answers: (name) => (c) => c.text(name),
  "answers late": () => async (c) => {
    await Promise.resolve();
    return c.body(null, 204);
  },
  refuses: (name) => () => reply(450, "4.2.1", name),
  "passes twice": () => async (_, next) => {
    await next();
    await next();
  },
  "says nothing": () => () => undefined,
  "says nothing late": () => () => Promise.resolve(),
  "says null": () => () => null,
  throws: (name) => () => {
    throw new Error(name);
  },
  rejects: (name) => () => Promise.reject(new Error(name)),
  "throws a response": (name) => () => {
    throw new HTTPException(403, { res: new Response(name, { status: 422 }) });
  },
  "throws text": (name) => () => {
    throw name;
  },
  "throws on its way out": (name) => async (_, next) => {
    await next();
    throw new Error(name);
  },
  "catches": (name) => async (c, next) => {
    try {
      await next();
    } catch (error) {
      return c.text(`${name} caught ${error}`);
    }
  },
  "knows nobody": () => (c) => c.notFound(),
  "puts a response": (name) => (c) => {
    c.res = new Response(name);
    return Promise.resolve();
  },
  "changes the response": (name) => async (c, next) => {
    await next();
    c.res = new Response(name, { status: 450 });
  },
};

const paths = [
  "*",
  "/*",
  "/deliver/*",
  "/deliver/:domain/*",
  "/deliver/:domain/:local",
  "/deliver/x.test/:local{[a-z]+}",
  "/deliver/x.test/:local?",
  "/deliver/x.test/a",
  "/:a/:b/*",
  "/deliver/:domain{.+\\.test}/:local",
  "/rcpt/*",
  "/mail/*",
  "/data",
];
const patterns = [
  "*",
  "*@x.test",
  "a@x.test",
  ":user@x.test",
  ":user@:domain",
  "*@:domain",
  "reply+:token@x.test",
  ":user@:tenant.x.test",
  ":user@:tenant.test",
  '"a b"@x.test',
  "a/b@x.test",
  "a%b@x.test",
];
const names = ["user", "domain", "local", "tenant", "token", "a", "b", "host"];

interface Part {
  readonly kind: string;
  readonly path?: string;
  readonly chain?: readonly string[];
  readonly parts?: readonly Part[];
}

const chain = fc.array(
  fc.oneof(fc.constantFrom(...Object.keys(passing)), fc.constantFrom(...Object.keys(behaviours))),
  { minLength: 1, maxLength: 3 },
);
const leaf: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ kind: fc.constantFrom("use", "all", "post", "on", "get"), path: fc.constantFrom(...paths), chain }),
  fc.record({ kind: fc.constantFrom("deliver", "deliver", "rcpt"), path: fc.constantFrom(...patterns), chain }),
  fc.record({ kind: fc.constant("data"), chain }),
  fc.record({ kind: fc.constant("base"), path: fc.constantFrom("/deliver", "/deliver/:domain"), chain }),
  fc.record({ kind: fc.constant("mount"), path: fc.constantFrom("/", "/deliver", "/deliver/x.test") }),
  fc.record({ kind: fc.constantFrom("onError", "notFound") }),
);
const mounted: fc.Arbitrary<Part> = fc.record({
  kind: fc.constantFrom("a Postern", "a Postern's base", "a Hono"),
  path: fc.constantFrom("/", "/", "/deliver", "/:a"),
  parts: fc.array(leaf, { maxLength: 4 }),
});
const routers = {
  "Hono's own": () => ({}),
  "TrieRouter": () => ({ router: new TrieRouter() }),
  "LinearRouter": () => ({ router: new LinearRouter() }),
  "PatternRouter": () => ({ router: new PatternRouter() }),
} as const;
const plan = fc.record({
  router: fc.constantFrom(...Object.keys(routers) as (keyof typeof routers)[]),
  strict: fc.boolean(),
  parts: fc.array(fc.oneof({ weight: 4, arbitrary: leaf }, { weight: 1, arbitrary: mounted }), {
    minLength: 1,
    maxLength: 6,
  }),
});

const local = fc.oneof(
  fc.constantFrom("a", "A", "reply+t", '"a b"', "a/b", "a%b", "a%2fb", "a?b", "a#b", '".."', '"a\\"b"', "%41", '":x"'),
  fc.string({ unit: fc.constantFrom(..."ab%/?#25Z+ü"), minLength: 1, maxLength: 5 }),
);
const domain = fc.constantFrom("x.test", "X.TEST", "y.test", "t.x.test", "bücher.test", "[127.0.0.1]");
const mail = fc.record({
  from: fc.constantFrom("s@y.test", ""),
  to: fc.tuple(local, domain).map(([local, domain]) => `${local}@${domain}`),
  data: fc.constant("Subject: x\n\nhi\n"),
  parameters: fc.constant("SMTPUTF8"),
});

/** A Hono with the verbs of a Postern, where it is one. */
type AnyApp = Hono & { readonly [verb in "data" | "deliver" | "rcpt"]?: (...given: unknown[]) => unknown };

/** Puts an app together whose handlers write down what they see. */
function build(app: AnyApp, parts: readonly Part[], log: unknown[], prefix = ""): void {
  parts.forEach(({ kind, path = "", chain = [], parts: inner = [] }, at) => {
    const name = `${prefix}${at} ${kind}`;
    const handlers = chain.map((behaviour, position) => {
      const act = behaviours[behaviour]!(`${name} ${position}`);
      return ((c, next) => {
        const parameters = [c.req.param(), names.map((each) => c.req.param(each as never))];
        log.push([name, position, c.req.path, c.req.url, routePath(c), basePath(c), parameters, c.get("own" as never)]);
        return act(c, next);
      }) as MiddlewareHandler;
    }) as [MiddlewareHandler, ...MiddlewareHandler[]];
    switch (kind) {
      case "use":
        return app.use(path, ...handlers);
      case "all":
      case "post":
      case "get":
        return app[kind](path, ...handlers);
      case "on":
        return app.on(["POST", "GET"], [path, "/deliver/y.test/:local"], ...handlers);
      case "deliver":
      case "rcpt":
        return app[kind]?.(path, ...handlers) ?? app.post(`/${kind}/:domain/:local`, ...handlers);
      case "data":
        return app.data?.(...handlers) ?? app.post("/data", ...handlers);
      case "base":
        return app.basePath(path).post("/*", ...handlers);
      case "mount":
        return app.mount(path, ({ url }: Request) => {
          log.push([name, url]);
          return url.includes("a") ? new Response("mounted") : undefined as unknown as Response;
        });
      case "onError":
        return app.onError((error, c) => {
          log.push([
            name,
            error.message.replace(/^Context is not finalized.*|^The handler answered with nothing.*/, ""),
          ]);
          return c.text("as ever", 451 as never);
        });
      case "notFound":
        return app.notFound((c) => c.text("not here", 404));
      default: {
        const sub = kind === "a Hono" ? new Hono() : new Postern() as unknown as Hono;
        build(sub as AnyApp, inner, log, `${name}, `);
        return app.route(path, kind === "a Postern's base" ? sub.basePath("/") : sub);
      }
    }
  });
}

async function outcome(
  { router, strict, parts }: { router: keyof typeof routers; strict: boolean; parts: readonly Part[] },
  mail: Parameters<typeof send>[1],
  isWrapped: boolean,
): Promise<unknown> {
  const log: unknown[] = [];
  const app = new Postern({ ...routers[router](), strict });
  try {
    build(app as unknown as AnyApp, parts, log);
  } catch (error) {
    return [String(error)];
  }
  if (isWrapped) {
    const { fetch } = app;
    app.fetch = (...given) => fetch(...given);
  }
  try {
    const { mail: sender, rcpt, data } = await send(app, mail);
    return [sender.raw, rcpt[0]?.raw, data?.raw.replace(/queued as .*/, "queued"), log];
  } catch (error) {
    return [String(error), log];
  }
}

test("whatever an app is made of, whoever the mail is for", async () => {
  const { error } = console;
  console.error = () => {};
  try {
    await fc.assert(
      fc.asyncProperty(plan, mail, async (plan, mail) => {
        expect(await outcome(plan, mail, false)).toEqual(await outcome(plan, mail, true));
      }),
      { numRuns: Number(process.env["RUNS"] ?? 200) },
    );
  } finally {
    console.error = error;
  }
}, 60_000);
