/** What the command prints on stdout: text for eyes, or JSON lines, in few writes. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { styleText } from "node:util";
import { isWorker } from "../workers/processes.ts";

/** Named as `styleText` of `node:util` names them. */
export type Style = "bold" | "dim" | "red" | "yellow" | "cyan" | "green";

/** So many octets go into a pipe in one piece, whoever else writes to it (PIPE_BUF on Linux). */
const inOnePiece = 4096;

/** Past this many characters nothing waits for the end of the turn. */
const highWater = 64 * 1024;

export class Output {
  readonly isTerminal: boolean;
  readonly #stream: NodeJS.WriteStream;
  readonly #isColored: boolean;
  readonly #isShared: boolean;
  #pending = "";

  /**
   * @param environment where `NO_COLOR` (no-color.org) and `TERM` are looked for.
   * @param isShared whether other processes write to the stream as well.
   */
  constructor(
    stream: NodeJS.WriteStream,
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
    if (this.#pending === "") setImmediate(() => this.#send());
    this.#pending += text;
    if (this.#pending.length > highWater) this.#send();
  }

  /** Resolves once everything is out. */
  flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = "";
    return new Promise((resolve) => this.#stream.write(text, () => resolve()));
  }

  /** Text in a style, where it can be shown. */
  style(style: Style, text: string): string {
    return this.#isColored ? styleText(style, text, { validateStream: false }) : text;
  }

  #send(): void {
    if (this.#pending === "") return;
    const pieces = this.#isShared ? wholeLines(this.#pending) : [this.#pending];
    for (const piece of pieces) this.#stream.write(piece);
    this.#pending = "";
  }
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
  return new Output(process.stdout, process.env, isWorker());
}
