/**
 * Compares what mailparser made of a message with the table. It runs on every runtime; started as a program it reads
 * all messages of this folder, prints one line for each difference, and ends with status 1 when there is one.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type AddressObject, type EmailAddress, type ParsedMail, simpleParser } from "mailparser";
import { type ExpectedAttachment, type ExpectedMail, expectedMails } from "./expected.ts";

/** The bytes of a message of this folder. */
export function readMail(name: string): Uint8Array {
  return readFileSync(fileURLToPath(new URL(`${name}.eml`, import.meta.url)));
}

/** What differs, one line each; empty when all is as it should be. */
export function differences(mail: ParsedMail, expected: ExpectedMail): string[] {
  const found: string[] = [];
  function same(what: string, actual: unknown, wanted: unknown): void {
    const [left, right] = [JSON.stringify(actual), JSON.stringify(wanted)];
    if (left !== right) found.push(`${expected.name}: ${what} is ${left}, not ${right}`);
  }
  function holds(what: string, actual: string, pieces: readonly string[]): void {
    for (const piece of pieces) {
      if (!actual.includes(piece)) found.push(`${expected.name}: ${what} ${JSON.stringify(actual)} lacks ${piece}`);
    }
  }
  same("subject", mail.subject?.trim(), expected.subject);
  same("from", addresses(mail.from), expected.from);
  const to = addresses(mail.to);
  same("to", to.slice(0, expected.to.length), expected.to);
  same("number of recipients", to.length, expected.recipients ?? expected.to.length);
  holds("text", mail.text ?? "", expected.text ?? []);
  holds("html", mail.html || "", expected.html ?? []);
  same("attachments", mail.attachments.map(toExpected), (expected.attachments ?? []).map(inOrder));
  for (const [name, count] of Object.entries(expected.fields ?? {})) {
    same(`number of ${name} fields`, mail.headerLines.filter((line) => line.key === name).length, count);
  }
  return found;
}

/** Parses every message of the folder here and now. */
export async function allDifferences(): Promise<string[]> {
  const found: string[] = [];
  for (const expected of expectedMails) {
    const mail = await simpleParser(Buffer.from(readMail(expected.name)));
    found.push(...differences(mail, expected));
  }
  return found;
}

interface Address {
  readonly name: string;
  readonly address: string;
}

function addresses(field: AddressObject | readonly AddressObject[] | undefined): Address[] {
  const objects = field === undefined ? [] : [field].flat() as AddressObject[];
  return objects.flatMap((object) => object.value.flatMap(members));
}

function members(entry: EmailAddress): Address[] {
  return entry.group?.flatMap(members) ?? [{ name: entry.name, address: entry.address ?? "" }];
}

function toExpected(attachment: ParsedMail["attachments"][number]): ExpectedAttachment {
  const { filename, contentType, content } = attachment;
  const sha256 = createHash("sha256").update(content).digest("hex");
  return inOrder({ ...(filename === undefined ? {} : { filename }), contentType, size: content.length, sha256 });
}

function inOrder({ filename, contentType, size, sha256 }: ExpectedAttachment): ExpectedAttachment {
  return { ...(filename === undefined ? {} : { filename }), contentType, size, sha256 };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = await allDifferences();
  for (const line of found) console.log(line);
  console.log(`${expectedMails.length} messages, ${found.length} differences`);
  if (found.length > 0) process.exitCode = 1;
}
