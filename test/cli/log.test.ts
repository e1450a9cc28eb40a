import { configureSync, getConfig, getLogger, type LogRecord, resetSync } from "@logtape/logtape";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { CommandSettings } from "../../src/cli/flags.ts";
import { announcement, configureLog } from "../../src/cli/log.ts";
import { Output } from "../../src/cli/output.ts";
import { logHandlerFailure, logObserver, logProxyFault } from "../../src/log.ts";
import { describeError, stackOf, visible } from "../../src/visible.ts";

/** Letters that a terminal obeys, or that only look like text. */
const traps = "\x1b[2J\r\n\x7f\x9b31m\u2028\u202eabc\u2066\u061c\u200b\u200f\u2060\u2064\ufeff\u{e0000}\u{e007f}";

function listening(isTTY = false, environment: Record<string, string> = {}) {
  let written = "";
  const stream = { write: (text: string, done?: () => void) => (written += text, done?.(), true), on() {}, isTTY };
  return { output: new Output(stream as never, environment), written: () => written };
}

function configure(settings: Partial<CommandSettings>, isTTY = false, environment: Record<string, string> = {}) {
  const { output, written } = listening(isTTY, environment);
  configureLog({ logLevel: "info", logFormat: "pretty", ...settings } as CommandSettings, output);
  return async () => {
    await output.flush();
    return written();
  };
}

beforeEach(() => resetSync());
afterEach(() => resetSync());

const logger = getLogger(["someone", "else"]);

describe("as JSON", () => {
  test("a line is one object with its fields beside it, and stays one line whatever is in them", async () => {
    const printed = configure({ logFormat: "json" });
    logger.warn("{who} sent {count} to {to}", { who: traps, count: 2, to: ["<a@x.test>", traps] });
    const text = await printed();
    expect(text).toMatch(/^[\x20-\x7e]*\n$/);
    expect(JSON.parse(text)).toEqual({
      "@timestamp": expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: "WARN",
      logger: "someone.else",
      message: `${visible(traps)} sent 2 to <a@x.test>,${visible(traps)}`,
      who: traps,
      count: 2,
      to: ["<a@x.test>", traps],
    });
  });

  test("what a line says of itself stays true, whatever an app calls its own fields", async () => {
    const printed = configure({ logFormat: "json" });
    logger.info("got {message}", { message: "theirs", level: "FATAL", logger: "postern", "@timestamp": "never" });
    const text = await printed();
    expect(text.match(/"message":/g)).toHaveLength(1);
    expect(JSON.parse(text)).toEqual({
      "@timestamp": expect.stringMatching(/^20/),
      level: "INFO",
      logger: "someone.else",
      message: "got theirs",
      "properties.message": "theirs",
      "properties.level": "FATAL",
      "properties.logger": "postern",
      "properties.@timestamp": "never",
    });
  });

  test("what is written into the message itself is written, too", async () => {
    const printed = configure({ logFormat: "json" });
    logger.info`${Symbol("s")} ${Object.create(null)} ${{ trap: traps }} ${new Error(`failed: ${traps}`)} ${2n}`;
    const text = await printed();
    expect(text).toMatch(/^[\x20-\x7e]*\n$/);
    expect(JSON.parse(text).message).toStartWith('Symbol(s) {} {"trap":');
    expect(JSON.parse(text).message).toMatch(/failed: .*2$/);
  });

  test("traps that are deep in a field are none", async () => {
    const printed = configure({ logFormat: "json" });
    logger.info("got {value}", { value: { deep: traps } });
    const text = await printed();
    expect(text).toMatch(/^[\x20-\x7e]*\n$/);
    expect(JSON.parse(text).value).toEqual({ deep: traps });
  });

  test("an app's own values are written, however odd", async () => {
    const printed = configure({ logFormat: "json" });
    const circle: Record<string, unknown> = Object.assign(Object.create(null), { name: "circle" });
    circle["self"] = circle;
    logger.info("{big} {error} {circle} {symbol}", {
      big: 2n ** 64n,
      error: new RangeError("no"),
      circle,
      symbol: Symbol("s"),
    });
    const text = await printed();
    expect(text.trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(text)).toMatchObject({ big: "18446744073709551616", logger: "someone.else" });
  });

  test("announcements have the same shape", () => {
    expect(JSON.parse(announcement("listening", { port: 25, entry: traps }))).toMatchObject({
      level: "INFO",
      logger: "postern.server",
      message: "listening",
      port: 25,
      entry: traps,
    });
  });
});

describe("for eyes", () => {
  test("a line is one line whatever is in it, and without colour where nobody sees it", async () => {
    const printed = configure({});
    logger.warn("{who} to {to} is {ok}", { who: traps, to: ["a", traps], ok: true });
    const text = await printed();
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z warning else \\x1b\[2J.* to a,\\x1b.* is true\n$/);
    expect(text.trimEnd()).toMatch(/^[\x20-\x7e]*$/);
  });

  test.each<[boolean, Record<string, string>, boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
  ])("terminal %p with %j has colour: %p", async (isTTY, environment, isColored) => {
    const printed = configure({}, isTTY, environment);
    logger.error("oh");
    expect((await printed()).includes("\x1b[")).toBe(isColored);
  });

  test("what is below the level is left out, and what LogTape says of itself with it", async () => {
    const printed = configure({ logLevel: "warning" });
    logger.info("no");
    logger.debug("no");
    logger.warn("yes");
    expect(await printed()).toEndWith(" warning else yes\n");
  });
});

test("an app that has set LogTape up already is left alone", async () => {
  configure({ logFormat: "json" });
  const theirs = getConfig();
  const printed = configure({ logFormat: "pretty" });
  expect(getConfig()).toBe(theirs);
  logger.error("to the first");
  expect(await printed()).toBe("");
});

const failure = Object.assign(new TypeError(`bad ${traps}`), { cause: new Error("the cause") });
const event = { stage: "deliver", session: { id: "s1" }, id: "m1", recipient: { address: "b\x1b@x.test" } } as never;
const reply = { code: 451, enhanced: "4.3.0", text: "Temporary failure" };

test.each(["info", "debug"] as const)(
  "a handler's failure is told at level %s, its stack at debug alone",
  async (logLevel) => {
    const printed = configure({ logLevel, logFormat: "json" });
    logHandlerFailure(event, failure, reply);
    const line = JSON.parse(await printed());
    expect(line).toMatchObject({
      level: "ERROR",
      logger: "postern.handler",
      session: "s1",
      id: "m1",
      stage: "deliver",
      recipient: "<b\\x1b@x.test>",
      code: 451,
      reply: "451 4.3.0 Temporary failure",
      error: describeError(failure),
    });
    expect(line.error).toStartWith("TypeError: bad ");
    if (logLevel === "info") expect(line).not.toHaveProperty("stack");
    else expect(line.stack).toMatch(/\n +at [^]*\ncaused by Error: the cause\n/);
  },
);

test("an error that fails when it is looked at is described all the same", () => {
  const trapped = (property: string) =>
    Object.defineProperty(new Error("x"), property, {
      get() {
        throw new Error("the error's own getter");
      },
    });
  for (const thrown of [Object.create(null), trapped("message"), trapped("name")]) {
    expect(describeError(thrown)).toBe("(an error that cannot be put into words)");
  }
  expect(stackOf(trapped("stack"))).toBe("");
  expect(stackOf(trapped("cause"))).toBe("");
});

test("as text for eyes, nothing in a line is obeyed, and no line of others begins like the log's own", async () => {
  const printed = configure({ logFormat: "pretty" });
  const forged = `${traps}\n2026-01-01T00:00:00.000Z info    session forged`;
  logger.error("failed {error} {value}", { error: new Error(forged), value: { deep: forged }, stack: forged });
  logger.info(forged);
  const text = await printed();
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  for (const line of text.trimEnd().split("\n")) expect(line).toMatch(/^20.*someone|^20.*else|^\s/);
  expect(text.match(/^20/gm)).toHaveLength(2);
});

test("what others say is safe to show in the fields that a sink of one's own gets", () => {
  const records: LogRecord[] = [];
  configureSync({
    sinks: { own: (record) => void records.push(record) },
    loggers: [{ category: "postern", sinks: ["own"] }, { category: ["logtape", "meta"], lowestLevel: "fatal" }],
  });
  const conversation = { session: { id: "s1", remote: { address: traps }, user: traps } } as never;
  for (const type of ["success", "refused"] as const) {
    logObserver.authentication?.(conversation, {
      mechanism: traps,
      type,
      reply: { code: 535, text: traps },
      reason: traps,
    });
  }
  logObserver.handshakeFailed(conversation, new Error(traps));
  logProxyFault(traps, traps);
  expect(records).toHaveLength(4);
  for (const { properties } of records) {
    for (const value of Object.values(properties)) expect(value).toMatch(/^[\x20-\x7e]*$/);
  }
});

test("a flood of connections that are turned away is one line", async () => {
  const printed = configure({ logFormat: "json" });
  for (let at = 0; at < 100; at++) logObserver.turnedAway("192.0.2.1", "too many connections");
  expect(JSON.parse(await printed())).toMatchObject({
    level: "WARN",
    logger: "postern.connection",
    client: "192.0.2.1",
    reason: "too many connections",
  });
});

test.each([
  ["plain text <a@b>", "plain text <a@b>"],
  ["back\\slash", "back\\\\slash"],
  ["Grüße 日本", "Grüße 日本"],
  ["\x00\t\x1b\x7f\x9b", "\\x00\\x09\\x1b\\x7f\\x9b"],
  ["\u202e\u2066\u2028", "\\u202e\\u2066\\u2028"],
  ["a\u200b\u200d\u200e\u200f\u061c", "a\\u200b\\u200d\\u200e\\u200f\\u061c"],
  ["\u2060\u2064\ufeff\u{e0041}\u{1f600}é", "\\u2060\\u2064\\ufeff\\u{e0041}\u{1f600}é"],
  ["\ud800", "\ufffd"],
])("%j is shown as %j", (text, shown) => {
  expect(visible(text)).toBe(shown);
});
