/** The dialogues in test/dialogues, read into cases. */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ServeOptions } from "postern";
import { octets } from "../../src/testing/dialogue.ts";
import type { AppName, Delivered } from "../fixture/apps.ts";

/** One case: a dialogue, and what must have been delivered after it. */
export interface Case {
  /** `29 MAIL within a transaction`: the rows of the conformance table, then the behaviour. */
  readonly title: string;
  readonly app: AppName;
  readonly options: ServeOptions;
  /** Whether the case is about segments itself, so that they must stay as they are. */
  readonly isCut: boolean;
  readonly script: string;
  readonly delivered: readonly string[];
}

const folder = fileURLToPath(new URL("../dialogues/", import.meta.url));

/** All cases of all files, in their order. */
export function readCases(): Case[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".txt")).sort();
  return files.flatMap((file) => readFileSync(folder + file, "utf8").split(/^== /m).slice(1).map(readCase));
}

function readCase(text: string): Case {
  const [title = "", ...lines] = text.split("\n");
  const setting = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  return {
    title,
    app: (setting("app") ?? "conformance") as AppName,
    options: JSON.parse(setting("options") ?? "{}"),
    isCut: setting("cut") === "whole",
    script: lines.filter((line) => /^[CS]:/.test(line)).join("\n"),
    delivered: lines.filter((line) => line.startsWith("D: ")).map((line) => line.slice(3)),
  };
}

/** What a case says was delivered, and what was, in a form that a test can compare. */
export function compareDelivered(expected: readonly string[], delivered: readonly Delivered[]): [unknown, unknown] {
  const latin1 = (text: string) => String.fromCharCode(...octets(text.replace(/\\c$/, "")));
  const utf8 = (text: string) => new TextDecoder().decode(octets(text));
  const wanted: Record<string, unknown[]> = {};
  for (const line of expected) {
    const [, key = "content", value = line] = /^(from|to) (.*)$/.exec(line) ?? [];
    if (line === "none") wanted.content = [];
    else (wanted[key] ??= []).push(key === "content" ? latin1(value) : value === "null" ? null : utf8(value));
  }
  const seen: Record<string, unknown[]> = {
    from: delivered.map(({ from }) => from),
    to: delivered.map(({ recipient }) => recipient),
    content: delivered.map(({ content }) => content),
  };
  return [wanted, Object.fromEntries(Object.keys(wanted).map((key) => [key, seen[key]]))];
}
