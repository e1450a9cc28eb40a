/**
 * What both sides of one session said, line by line, for people to read.
 *
 * Secrets and content are not in it: credentials, challenges, the answers to an application's questions and messages
 * are counted, and nothing else is told of them. Neither is what follows a verb that is not SMTP's own; and after a
 * refused AUTH, DATA or BDAT, until the server agrees with something again, nothing of a line that is no sound command:
 * a client that did not wait may have sent its password there, or its message.
 */

import type { Line } from "../session/input.ts";
import type { Session } from "../session/session.ts";
import type { Tap } from "../session/tap.ts";
import { verbs } from "../session/verbs.ts";
import type { TlsInfo } from "../socket.ts";
import { visible } from "../visible.ts";

/** Where a transcript goes. Neither throws nor fails. */
export interface Sink {
  write(text: string): void;
  /** Nothing follows; resolves once all is written. */
  end(): Promise<void>;
}

/** A line that can only be meant as a command, whatever came before it. */
const sound =
  /^(?:(?:EHLO|HELO|LHLO) \S+|(?:MAIL FROM|RCPT TO): ?<.*|QUIT|RSET|NOOP|DATA|STARTTLS|BDAT \d+(?: LAST)?|AUTH .*)\s*$/i;

export class Transcript implements Tap {
  readonly #sink: Sink;
  /** How many characters there still is room for. */
  #room: number;
  /** Octets of the message that came since the last line. */
  #content = 0;
  #isGuarded = false;
  #isOver = false;

  /** @param room characters after which no more is written. */
  constructor(session: Session, sink: Sink, room: number) {
    this.#sink = sink;
    this.#room = room;
    const { id, remote, local } = session;
    this.#note(
      `session ${id} from ${visible(remote.address)}:${remote.port} to ${visible(local.address)}:${local.port}`,
    );
  }

  command(line: Line): void {
    if (typeof line !== "string") return this.#client(`[${line.error}]`);
    this.#client(this.#isGuarded && !sound.test(line) ? masked(line, "not understood") : shown(line));
    if (/^\s*(?:AUTH|DATA|BDAT)/i.test(line)) this.#isGuarded = true;
  }

  response(line: Line): void {
    if (typeof line !== "string") return this.#client(`[${line.error}]`);
    this.#client(line === "*" ? line : masked(line, "of response"));
  }

  content(octets: number): void {
    this.#content += octets;
  }

  replies(text: string): void {
    const lines = text.split("\r\n").slice(0, -1);
    for (const line of lines) {
      this.#put(
        "S:",
        /^334[ -]/.test(line) ? `${line.slice(0, 4)}${masked(line.slice(4), "of challenge")}` : visible(line),
      );
    }
    if (lines.at(-1)?.startsWith("2")) this.#isGuarded = false;
  }

  encrypted({ protocol, cipher }: TlsInfo): void {
    this.#note(`encrypted by ${visible(protocol)} with ${visible(cipher)}`);
  }

  /** The session is over. Resolves once everything is where it is to be. */
  end(ending: string): Promise<void> {
    this.#note(`the session is over: ${ending}`);
    if (this.#isOver) return Promise.resolve();
    this.#isOver = true;
    return this.#sink.end();
  }

  #client(text: string): void {
    this.#put("C:", text);
  }

  #note(text: string): void {
    this.#put("* ", text);
  }

  #put(side: string, text: string): void {
    if (this.#content > 0) {
      const octets = this.#content;
      this.#content = 0;
      this.#put("C:", `[${octets} octets of message]`);
    }
    if (this.#isOver) return;
    const line = `${new Date().toISOString()} ${side} ${text}\n`;
    this.#room -= line.length;
    if (this.#room >= 0) return this.#sink.write(line);
    this.#isOver = true;
    this.#sink.write(`${new Date().toISOString()} *  the transcript is full; the session goes on\n`);
    this.#sink.end();
  }
}

const encoder = new TextEncoder();

/** As much of a text as everybody may know. */
function masked(text: string, what: string): string {
  return `[${encoder.encode(text).length} octets ${what}]`;
}

/** A mechanism that there is: names that clients are known to say, whether or not the server has them. */
const mechanism =
  /^(\s+(?:PLAIN|LOGIN|EXTERNAL|ANONYMOUS|(?:CRAM|DIGEST)-MD5|SCRAM-SHA(?:-\d{1,3}|3-512)(?:-PLUS)?|X?OAUTH(?:BEARER|2)|GSSAPI|GS2-KRB5|NTLM))(?![^\s])(.*)$/is;

/** A command as far as it may be read. */
function shown(line: string): string {
  const [, auth, argument = ""] = /^(\s*AUTH)(.*)$/is.exec(line) ?? [];
  if (auth !== undefined) {
    // What stands in the mechanism's place may be the password.
    const [, name = "", rest = argument] = mechanism.exec(argument) ?? [];
    return `${visible(auth + name)}${rest.trim() === "" ? "" : ` ${masked(rest.trim(), "of credentials")}`}`;
  }
  const [, verb = "", rest = ""] = /^\s*([A-Za-z][A-Za-z0-9-]{0,19})(?![^\s])(.*)$/s.exec(line) ?? [];
  if (verb === "") return masked(line, "not understood");
  if (verbs.has(verb.toUpperCase())) return visible(line);
  return rest.trim() === "" ? visible(verb) : `${visible(verb)} ${masked(rest.trim(), "of argument")}`;
}
