import { describe, expect, test } from "bun:test";
import {
  availableParser,
  type FlagShape,
  nodeParser,
  parseArguments,
  type StdParseArgs,
  stdParser,
} from "../../src/cli/args.ts";
import { UsageError } from "../../src/cli/failure.ts";
import { serveFlags } from "../../src/cli/flags.ts";
import { shapesOf } from "../../src/cli/settings.ts";

const flags: readonly FlagShape[] = [
  { name: "port", short: "p", isSwitch: false },
  { name: "name", isSwitch: false },
  { name: "print-config", isSwitch: true },
  { name: "help", short: "h", isSwitch: true },
];

/** What the words mean, whoever takes them apart. */
const meanings: readonly [words: string[], flags: Record<string, string | boolean>, operands: string[]][] = [
  [[], {}, []],
  [["app.ts"], {}, ["app.ts"]],
  [["--port", "25"], { port: "25" }, []],
  [["--port=25"], { port: "25" }, []],
  [["-p", "25"], { port: "25" }, []],
  [["app.ts", "--port", "25", "other"], { port: "25" }, ["app.ts", "other"]],
  [["--port", "0x10"], { port: "0x10" }, []],
  [["--port", "007"], { port: "007" }, []],
  [["--port", "1", "--port=2", "-p", "3"], { port: "3" }, []],
  [["-p", "3", "--port", "1"], { port: "1" }, []],
  [["--name=a=b"], { name: "a=b" }, []],
  [["--name=-x"], { name: "-x" }, []],
  [["--name=--port"], { name: "--port" }, []],
  [["--name", "two words"], { name: "two words" }, []],
  [["--name=line\nbreak"], { name: "line\nbreak" }, []],
  [["--name", "true"], { name: "true" }, []],
  [["--name=false"], { name: "false" }, []],
  [["--print-config"], { "print-config": true }, []],
  [["--print-config", "app.ts"], { "print-config": true }, ["app.ts"]],
  [["--print-config", "true"], { "print-config": true }, ["true"]],
  [["--print-config", "false"], { "print-config": true }, ["false"]],
  [["-h", "false"], { help: true }, ["false"]],
  [["--no-print-config"], { "print-config": false }, []],
  [["--no-print-config", "true"], { "print-config": false }, ["true"]],
  [["--print-config", "--no-print-config"], { "print-config": false }, []],
  [["--no-print-config", "--print-config"], { "print-config": true }, []],
  [["-h", "--help"], { help: true }, []],
  [["--port", "25", "--", "--port", "26", "-x", "--"], { port: "25" }, ["--port", "26", "-x", "--"]],
  [["--", "--print-config"], {}, ["--print-config"]],
  [["--help", "--", "--no-help", "--help"], { help: true }, ["--no-help", "--help"]],
  [["1", "2.50", "1e3", "-", ""], {}, ["1", "2.50", "1e3", "-", ""]],
  [["true", "false"], {}, ["true", "false"]],
];

/** What is refused before any parser sees it. */
const refusals: readonly [words: string[], message: string][] = [
  [["--prot", "25"], "--prot is no flag: did you mean --port?"],
  [["--print"], "--print is no flag: did you mean --print-config?"],
  [["--quite-another=1"], "--quite-another is no flag"],
  [["--no-port"], "--no-port is no flag"],
  [["--p", "25"], "--p is no flag"],
  [["-port"], "-port: one-letter flags stand alone, and their value is the next word"],
  [["-p25"], "-p25: one-letter flags stand alone, and their value is the next word"],
  [["-p=25"], "-p=25: one-letter flags stand alone, and their value is the next word"],
  [["-x"], "-x is no flag"],
  [["--port"], "--port needs a value"],
  [["--port", ""], "--port needs a value"],
  [["--port="], "--port needs a value"],
  [["-p"], "--port needs a value"],
  [["--port", "--", "25"], '--port needs a value; if "--" is meant to be one, write --port=--'],
  [["--port", "--help"], '--port needs a value; if "--help" is meant to be one, write --port=--help'],
  [["--port", "-1"], '--port needs a value; if "-1" is meant to be one, write --port=-1'],
  [["--help=true"], '--help takes no value, but was given "true"'],
  [["--help="], '--help takes no value, but was given ""'],
  [["--no-help=false"], "--no-help is no flag"],
  [["--__proto__", "1"], "--__proto__ is no flag"],
  [["--port.x", "1"], "--port.x is no flag: did you mean --port?"],
  [["---port", "1"], "---port is no flag: did you mean --port?"],
  [["--\x1b[2J"], "--\\x1b[2J is no flag"],
];

const available = await availableParser();
const parsers = available.name === nodeParser.name ? [nodeParser] : [nodeParser, available];
console.log(
  `proved: ${parsers.map((parser) => parser.name).join(" and ")}` +
    `${available.name === "@std/cli" ? "" : "; @std/cli not installed here"}`,
);

describe.each(parsers.map((parser) => [parser.name, parser] as const))("by %s", (_, parser) => {
  test.each(meanings)("%j is read as meant", (words, expected, operands) => {
    const found = parseArguments(words, flags, parser);
    expect(Object.fromEntries(found.flags)).toEqual(expected);
    expect(found.operands).toEqual(operands);
  });

  test.each(refusals)("%j is refused", (words, message) => {
    expect(() => parseArguments(words, flags, parser)).toThrow(new UsageError(message));
  });
});

describe("around @std/cli's parseArgs", () => {
  /** Notes what it is asked, and answers what it is told to. */
  function spied(answer: ReturnType<StdParseArgs>) {
    const asked: Parameters<StdParseArgs>[] = [];
    const parser = stdParser((...question) => {
      asked.push(question);
      return answer;
    });
    return { parser, asked };
  }

  test("every value and operand is asked for as text, and switches as what can be negated", () => {
    const { parser, asked } = spied({ _: [] });
    parseArguments(["--port", "25"], flags, parser);
    expect(asked).toEqual([[["--port", "25"], {
      string: ["_", "port", "name"],
      boolean: ["print-config", "help"],
      negatable: ["print-config", "help"],
      alias: { port: "p", help: "h" },
      "--": true,
    }]]);
  });

  test("a switch does not swallow a following true or false, nor anything behind --", () => {
    const { parser, asked } = spied({ _: [] });
    parseArguments(["--print-config", "false", "-h", "true", "--", "-h"], flags, parser);
    expect(asked[0]?.[0]).toEqual(["--print-config=true", "false", "--help=true", "true", "--", "-h"]);
  });

  test("switches nobody named are left out, although it calls them false", () => {
    const { parser } = spied({ _: [], port: "25", "print-config": false, help: false });
    expect([...parseArguments(["--port=25", "--no-help"], flags, parser).flags]).toEqual([["port", "25"], [
      "help",
      false,
    ]]);
  });

  test("what stands behind -- joins the operands", () => {
    const { parser } = spied({ _: ["app.ts"], "--": ["--port"] });
    expect(parseArguments(["app.ts", "--", "--port"], flags, parser).operands).toEqual(["app.ts", "--port"]);
  });

  test.each(refusals)("%j does not reach it", (words) => {
    const { parser, asked } = spied({ _: [] });
    expect(() => parseArguments(words, flags, parser)).toThrow(UsageError);
    expect(asked).toEqual([]);
  });
});

test("no two flags of serve have the same name, letter or place", () => {
  const all = serveFlags.flatMap((group) => group.flags);
  for (const names of [all.map((flag) => flag.name), all.map((flag) => flag.sets), all.flatMap((f) => f.short ?? [])]) {
    expect(new Set(names as string[]).size).toBe(names.length);
  }
  // "no-" is how switches are taken back.
  expect(shapesOf(serveFlags).filter((flag) => flag.name.startsWith("no-"))).toEqual([]);
});
