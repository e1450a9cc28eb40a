/** What the command prints on stdout: text for eyes, or JSON lines, in few writes. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { styleText } from "node:util";
import { isWorker } from "../workers/processes.ts";
import { DenoStream } from "./denostream.ts";

/** Named as `styleText` of `node:util` names them. */
export type Style = "bold" | "dim" | "red" | "yellow" | "cyan" | "green";

/** So many octets go into a pipe in one piece, whoever else writes to it (PIPE_BUF on Linux). */
const inOnePiece = 4096;

/** Past this many characters nothing waits for the end of the turn. */
const highWater = 64 * 1024;

/** As many characters wait for a reader that stalls; what comes then is dropped. */
const mostWaiting = 16 * 1024 * 1024;

/** So long a reader may stall before the process ends without it, in milliseconds. */
const patience = 1000;

/** As much of `process.stdout` as is needed here. */
export interface OutputStream {
  readonly isTTY?: boolean;
  /** Calls `done` once the text is out, or lost. */
  write(text: string, done: () => void): unknown;
  on(event: "error", listener: () => void): unknown;
}

export class Output {
  readonly isTerminal: boolean;
  readonly #stream: OutputStream;
  readonly #isColored: boolean;
  readonly #isShared: boolean;
  #pending = "";
  /** Characters that the stream has and nobody took yet. */
  #waiting = 0;
  /** Lines that were dropped since the reader stalled. */
  #dropped = 0;
  /** How it is said that lines were dropped. */
  tellOfDropped: (lines: number) => string = (lines) => `${droppedNotice(lines)}\n`;

  /**
   * @param environment where `NO_COLOR` (no-color.org) and `TERM` are looked for.
   * @param isShared whether other processes write to the stream as well.
   */
  constructor(
    stream: OutputStream,
    environment: Readonly<Record<string, string | undefined>>,
    isShared: boolean = false,
  ) {
    this.#stream = stream;
    this.#isShared = isShared;
    this.isTerminal = stream.isTTY === true;
    this.#isColored = this.isTerminal && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
    // Whoever read along has gone; the mail goes on.
    stream.on("error", () => {});
  }

  /** Puts text on stdout, together with whatever else this turn of the event loop brings. */
  write(text: string): void {
    // Nothing is taken before half of it has gone: what was dropped is one gap, not many.
    if (this.#dropped > 0 || this.#waiting + this.#pending.length + text.length > mostWaiting) {
      this.#dropped += text.split("\n").length - 1 || 1;
      return;
    }
    if (this.#pending === "") setImmediate(() => this.#send());
    this.#pending += text;
    if (this.#pending.length > highWater) this.#send();
  }

  /** Resolves once everything is out, or nobody took it for a second. */
  flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = "";
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patience);
      this.#stream.write(text, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Text in a style, where it can be shown. */
  style(style: Style, text: string): string {
    return this.#isColored ? styleText(style, text, { validateStream: false }) : text;
  }

  #send(): void {
    if (this.#pending === "") return;
    const pieces = this.#isShared ? wholeLines(this.#pending) : [this.#pending];
    this.#pending = "";
    for (const piece of pieces) {
      this.#waiting += piece.length;
      this.#stream.write(piece, () => this.#written(piece.length));
    }
  }

  #written(size: number): void {
    this.#waiting -= size;
    if (this.#dropped === 0 || this.#waiting > mostWaiting / 2) return;
    const lines = this.#dropped;
    this.#dropped = 0;
    this.write(this.tellOfDropped(lines));
  }
}

/** For people to read. */
export function droppedNotice(lines: number): string {
  return `lines of output that were dropped, since nobody read them: ${lines}`;
}

/** Text in pieces that end where lines end, as few as can be of at most {@linkcode inOnePiece} octets. */
function wholeLines(text: string): string[] {
  const pieces: string[] = [];
  let size = inOnePiece;
  for (const line of text.split(/(?<=\n)/)) {
    const octets = Buffer.byteLength(line);
    size += octets;
    if (size > inOnePiece) {
      pieces.push(line);
      size = octets;
    } else pieces[pieces.length - 1] += line;
  }
  return pieces;
}

/** The process's own. */
export function standardOutput(): Output {
  return new Output(DenoStream.standardOutput() ?? process.stdout, process.env, isWorker());
}

/** Text on stderr. Resolves as {@linkcode Output.flush} does. */
export function complain(text: string): Promise<void> {
  const output = new Output(DenoStream.standardError() ?? process.stderr, process.env);
  output.write(text);
  return output.flush();
}
