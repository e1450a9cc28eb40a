/**
 * The messages of this folder are what their table says, on every runtime.
 */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { simpleParser } from "mailparser";
import { run } from "../clients/run.ts";
import { allDifferences, differences, readMail } from "./check.ts";
import { expectedMails } from "./expected.ts";
import { manyFields, nested, noise, withAttachment } from "./make.ts";

setDefaultTimeout(60_000);

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

test("every message is in the table", () => {
  const files = readdirSync(here).filter((name) => name.endsWith(".eml"));
  expect(expectedMails.map(({ name }) => `${name}.eml`).toSorted()).toEqual(files.toSorted());
});

describe("on Bun", () => {
  for (const expected of expectedMails) {
    test(expected.name, async () => {
      expect(differences(await simpleParser(Buffer.from(readMail(expected.name))), expected)).toEqual([]);
    });
  }

  test("a wrong expectation is a difference", async () => {
    const mail = await simpleParser(Buffer.from(readMail("mixed")));
    const wrong = expectedMails.find(({ name }) => name === "windows1252_8bit")!;
    expect(differences(mail, wrong)).toHaveLength(3);
    expect(await allDifferences()).toEqual([]);
  });
});

test("the messages read the same on Deno", async () => {
  const deno = `${root}node_modules/.bin/deno`;
  const outcome = await run(deno, ["run", "-A", "--cached-only", `${here}check.ts`], { cwd: root, timeoutMs: 60_000 });
  expect(outcome).toMatchObject({ code: 0 });
  expect(outcome.output).toContain(`${expectedMails.length} messages, 0 differences`);
});

test("the messages read the same on Node", async () => {
  const jiti = `${root}node_modules/jiti/lib/jiti-cli.mjs`;
  const outcome = await run("node", [jiti, `${here}check.ts`], { cwd: root, timeoutMs: 60_000 });
  expect(outcome).toMatchObject({ code: 0 });
  expect(outcome.output).toContain(`${expectedMails.length} messages, 0 differences`);
});

describe("every line ends in CRLF", () => {
  for (const { name } of expectedMails) {
    test(name, () => {
      expect(Buffer.from(readMail(name)).toString("latin1").replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    });
  }
});

describe("what the table says of 8BITMIME and SMTPUTF8 is so", () => {
  for (const { name, eightBit = false, smtputf8 = false } of expectedMails) {
    test(name, () => {
      const text = Buffer.from(readMail(name)).toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const [header, body] = end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end)];
      expect(/[\x80-\xff]/.test(header)).toBe(smtputf8);
      expect(/[\x80-\xff]/.test(body)).toBe(eightBit);
    });
  }
});

describe("made messages", () => {
  test("noise has the size that was asked for, and passes every newline policy", () => {
    for (const size of [200, 201, 202, 1000, 100_003, 5_000_000]) {
      const bytes = noise(size, size);
      expect(bytes).toHaveLength(size);
      const text = Buffer.from(bytes).toString("latin1");
      expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n\0]/);
      expect(text).not.toEndWith("\r\n");
      expect(Math.max(...text.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(998);
    }
    expect(Buffer.from(noise(100_000)).toString("latin1")).toMatch(/\r\n\.\.\.[^\r.]/);
  });

  test("the same seed makes the same bytes", () => {
    expect(noise(10_000, 7)).toEqual(noise(10_000, 7));
    expect(noise(10_000, 7)).not.toEqual(noise(10_000, 8));
  });

  test("a 10 MB attachment survives parsing", async () => {
    const { data, filename, size, sha256 } = withAttachment(10_000_000);
    const [attachment] = (await simpleParser(Buffer.from(data))).attachments;
    expect(attachment?.filename).toBe(filename);
    expect(attachment?.content).toHaveLength(size);
    expect(createHash("sha256").update(attachment!.content).digest("hex")).toBe(sha256);
  });

  test("nested parts and many fields are readable", async () => {
    expect((await simpleParser(Buffer.from(nested(20)))).text).toContain("innermost");
    expect((await simpleParser(Buffer.from(manyFields(2000)))).headerLines).toHaveLength(2002);
  });
});
