/** As little of SMTP as a load of messages needs: it believes every client, and looks at a command's first letter. */

const encoder = new TextEncoder();

export const greeting: Uint8Array = encoder.encode("220 bare ESMTP\r\n");
const ok = encoder.encode("250 Ok\r\n");
const inClear = encoder.encode("250-bare\r\n250 STARTTLS\r\n");
const proceed = encoder.encode("354 Go on\r\n");
const ready = encoder.encode("220 Go on\r\n");
const bye = encoder.encode("221 Bye\r\n");

const endOfData = "\r\n.\r\n";
const latin1 = new TextDecoder("latin1");

export class BareDialogue {
  /** Whether QUIT was answered. */
  isOver = false;
  /** Whether STARTTLS was; to be unset when it is done. */
  wantsTls = false;
  readonly #offersTls: boolean;
  #isData = false;
  /** The last octets of the message so far. */
  #tail = "";

  constructor(offersTls: boolean) {
    this.#offersTls = offersTls;
  }

  /** Takes what one read brought, which is one command or a part of a message; returns the reply if there is one. */
  take(bytes: Uint8Array): Uint8Array | undefined {
    if (this.#isData) {
      this.#tail = (this.#tail + latin1.decode(bytes.subarray(-endOfData.length))).slice(-endOfData.length);
      if (this.#tail !== endOfData) return undefined;
      this.#tail = "";
      this.#isData = false;
      return ok;
    }
    switch (String.fromCharCode(bytes[0]!)) {
      case "D":
        this.#isData = true;
        return proceed;
      case "E":
        return this.#offersTls ? inClear : ok;
      case "S":
        this.wantsTls = true;
        return ready;
      case "Q":
        this.isOver = true;
        return bye;
    }
    return ok;
  }
}
