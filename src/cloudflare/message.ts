/**
 * The words of Cloudflare's email workers, as far as they are used: by shape, so that nobody needs their types.
 * https://developers.cloudflare.com/email-routing/email-workers/runtime-api/
 */

/** What sending gave. */
export interface EmailSendResult {
  readonly messageId: string;
}

/** An envelope; one that is to be sent was made with a message. */
export interface EmailMessageLike {
  readonly from: string;
  readonly to: string;
}

/** As much of a stream of octets as is read here. */
export interface OctetStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    releaseLock(): void;
  };
}

/** A message as an email worker gets it: as much of it as `email()` needs. */
export interface ForwardableEmailMessageLike extends EmailMessageLike {
  /** The message, once. */
  readonly raw: OctetStream;
  /** Octets. */
  readonly rawSize: number;
  /** Refuses the message for good, with this reason. */
  setReject(reason: string): void;
}

/** A reply that is put together from fields. */
export interface ReplyFields {
  readonly from: string | { readonly name: string; readonly email: string };
  readonly subject: string;
  readonly replyTo?: string | { readonly name: string; readonly email: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly html?: string;
  readonly attachments?: readonly {
    readonly disposition: "inline" | "attachment";
    readonly contentId?: string | undefined;
    readonly filename: string;
    readonly type: string;
    readonly content: string | ArrayBuffer | ArrayBufferView;
  }[];
}

/** What an email worker is called with when it runs under Postern: all of Cloudflare's own. */
export interface WorkerEmailMessage extends ForwardableEmailMessageLike {
  readonly raw: ReadableStream<Uint8Array>;
  /** Fields of one name are joined. */
  readonly headers: Headers;
  /** Whether there is somebody to send by. */
  readonly canBeForwarded: boolean;
  forward(rcptTo: string, headers?: Headers): Promise<EmailSendResult>;
  reply(message: EmailMessageLike | ReplyFields): Promise<EmailSendResult>;
}

/** What an email worker is given beside its message and its bindings. */
export interface WorkerExecutionContext {
  waitUntil(work: Promise<unknown>): void;
  passThroughOnException(): void;
  // Cloudflare's has more, which differs from one version to the next.
  // deno-lint-ignore no-explicit-any
  readonly props: any;
  // deno-lint-ignore no-explicit-any
  readonly [more: string]: any;
}

/** A message to be sent, in the place of the class of `cloudflare:email`. */
export class EmailMessage implements EmailMessageLike {
  readonly from: string;
  readonly to: string;
  /** The message with its header, lines ending in CRLF. */
  readonly raw: ReadableStream<Uint8Array> | string;

  /** @param from the envelope's, as `to`. */
  constructor(from: string, to: string, raw: ReadableStream<Uint8Array> | string) {
    this.from = from;
    this.to = to;
    this.raw = raw;
  }
}
