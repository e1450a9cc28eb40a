/** The transcripts of a server: which sessions have one, and where they lie. */

import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import type { Conversation } from "../session/conversation.ts";
import type { Observer } from "../session/observer.ts";
import { logTranscriptFailure } from "./log.ts";
import { makeDirectory } from "./directory.ts";
import { FileSink, StreamSink } from "./sinks.ts";
import type { TranscriptOption } from "./options.ts";
import { type Sink, Transcript } from "./transcript.ts";

/** Characters of one transcript. */
const mostCharacters = 1024 * 1024;

export class Transcripts implements Pick<Observer, "began" | "ended"> {
  readonly #option: TranscriptOption;
  readonly #background: Set<Promise<unknown>>;
  readonly #live = new WeakMap<Conversation, Transcript>();
  /** Whether the last one went wrong: that is said once, not for every session. */
  #hasFailed = false;

  /** @throws {TranscriptError} when the directory is not there and cannot be made, or cannot be written to. */
  constructor(option: TranscriptOption, background: Set<Promise<unknown>>) {
    this.#option = option;
    this.#background = background;
    if (typeof option === "string") prepare(option);
  }

  began(conversation: Conversation): void {
    const { session, wire } = conversation;
    let sink: Sink | undefined;
    try {
      sink = this.#sinkOf(typeof this.#option === "string" ? this.#option : this.#option(session), session.id);
    } catch (error) {
      this.#failed(error);
    }
    if (sink === undefined) return;
    const transcript = new Transcript(session, sink, mostCharacters);
    wire.tap = transcript;
    this.#live.set(conversation, transcript);
  }

  ended(conversation: Conversation): void {
    const transcript = this.#live.get(conversation);
    if (transcript === undefined) return;
    conversation.wire.tap = undefined;
    const written = transcript.end(conversation.wire.ending).finally(() => this.#background.delete(written));
    this.#background.add(written);
  }

  #sinkOf(target: string | WritableStream<Uint8Array> | undefined, id: string): Sink | undefined {
    if (target === undefined) return undefined;
    const failed = (error: unknown): void => this.#failed(error);
    if (typeof target !== "string") return new StreamSink(target, failed);
    return new FileSink(join(target, `${id}.txt`), failed, () => this.#hasFailed = false);
  }

  #failed(error: unknown): void {
    if (!this.#hasFailed) logTranscriptFailure(error);
    this.#hasFailed = true;
  }
}

/** There is no place for transcripts. */
export class TranscriptError extends Error {
  override readonly name = "TranscriptError";
}

/** Transcripts are for the eyes of whoever runs the server. */
function prepare(directory: string): void {
  try {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code, message } = cause as { readonly code?: string; readonly message: string };
    const reason = code === "EEXIST" ? "it is no directory" : message;
    throw new TranscriptError(`Cannot keep transcripts in ${directory}: ${reason}`, { cause });
  }
}
