/**
 * The words of Cloudflare's email workers, as far as they are used: by shape, so that nobody needs their types.
 * https://developers.cloudflare.com/email-routing/email-workers/runtime-api/
 */

/** What sending gave. */
export interface EmailSendResult {
  /** The `Message-ID` it was sent with. */
  readonly messageId: string;
}

/** An envelope; one that is to be sent was made with a message. */
export interface EmailMessageLike {
  /** The envelope's sender; empty for `<>`. */
  readonly from: string;
  /** The envelope's recipient. */
  readonly to: string;
}

/** As much of a stream of octets as is read here. */
export interface OctetStream {
  /** Locks the stream to one reader. */
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    releaseLock(): void;
  };
}

/** A message as an email worker gets it: as much of it as `email()` needs. */
export interface ForwardableEmailMessageLike extends EmailMessageLike {
  /** The message, once. */
  readonly raw: OctetStream;
  /** How many octets `raw` gives. */
  readonly rawSize: number;
  /** Refuses the message for good, with this reason. */
  setReject(reason: string): void;
}

/** A reply that is put together from fields. */
export interface ReplyFields {
  /** The `From` field. */
  readonly from: string | { readonly name: string; readonly email: string };
  /** The `Subject` field, decoded. */
  readonly subject: string;
  /** The `Reply-To` field. */
  readonly replyTo?: string | { readonly name: string; readonly email: string };
  /** Further header fields. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body as plain text. */
  readonly text?: string;
  /** The body as HTML. */
  readonly html?: string;
  /** In the order in which the recipient sees them. */
  readonly attachments?: readonly {
    /** `inline`: shown within the HTML, which names it by `contentId`. */
    readonly disposition: "inline" | "attachment";
    /** Without angle brackets. */
    readonly contentId?: string | undefined;
    /** As the recipient is to see it. */
    readonly filename: string;
    /** The media type. */
    readonly type: string;
    /** Text, or octets as they are. */
    readonly content: string | ArrayBuffer | ArrayBufferView;
  }[];
}

/** What an email worker is called with when it runs under Postern: all of Cloudflare's own. */
export interface WorkerEmailMessage extends ForwardableEmailMessageLike {
  /** The message, once. */
  readonly raw: ReadableStream<Uint8Array>;
  /** Fields of one name are joined. */
  readonly headers: Headers;
  /** Whether there is somebody to send by. */
  readonly canBeForwarded: boolean;
  /** Sends the message on, with `X-` headers before it. Rejects without `send`, and when that fails. */
  forward(rcptTo: string, headers?: Headers): Promise<EmailSendResult>;
  /** Answers its sender. Rejects as `forward()` does. */
  reply(message: EmailMessageLike | ReplyFields): Promise<EmailSendResult>;
}

/** What an email worker is given beside its message and its bindings. */
export interface WorkerExecutionContext {
  /** Work that goes on after the reply. */
  waitUntil(work: Promise<unknown>): void;
  /** Does nothing: it is about HTTP. */
  passThroughOnException(): void;
  /** What the deployment gives the worker; empty here. */
  // deno-lint-ignore no-explicit-any
  readonly props: any;
  /** Cloudflare's has more, which differs from one version to the next. */
  // deno-lint-ignore no-explicit-any
  readonly [more: string]: any;
}

/** A message to be sent, in the place of the class of `cloudflare:email`. */
export class EmailMessage implements EmailMessageLike {
  /** The envelope's sender; empty for `<>`. */
  readonly from: string;
  /** The envelope's recipient. */
  readonly to: string;
  /** The message with its header, lines ending in CRLF. */
  readonly raw: ReadableStream<Uint8Array> | string;

  /** Takes the envelope's addresses, and the message. */
  constructor(from: string, to: string, raw: ReadableStream<Uint8Array> | string) {
    this.from = from;
    this.to = to;
    this.raw = raw;
  }
}
