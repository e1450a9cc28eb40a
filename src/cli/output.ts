/** What the command prints on stdout: text for eyes, or JSON lines, in few writes. */

import process from "node:process";
import * as util from "node:util";

/** Named as `styleText` of `node:util` names them. */
export type Style = "bold" | "dim" | "red" | "yellow" | "cyan" | "green";

/** Past this many characters nothing waits for the end of the turn. */
const highWater = 64 * 1024;

export class Output {
  readonly isTerminal: boolean;
  readonly #stream: NodeJS.WriteStream;
  readonly #isColored: boolean;
  #pending = "";

  /** @param environment where `NO_COLOR` (no-color.org) and `TERM` are looked for. */
  constructor(stream: NodeJS.WriteStream, environment: Readonly<Record<string, string | undefined>>) {
    this.#stream = stream;
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
    // Node 20 before 20.12 has no such function; colour is no reason not to start.
    return this.#isColored && "styleText" in util ? util.styleText(style, text, { validateStream: false }) : text;
  }

  #send(): void {
    if (this.#pending === "") return;
    this.#stream.write(this.#pending);
    this.#pending = "";
  }
}

/** The process's own. */
export function standardOutput(): Output {
  return new Output(process.stdout, process.env);
}
