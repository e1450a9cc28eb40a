/** One message on its way in: from MAIL to the reply after its data (RFC 5321 section 3.3). */

import type { Parameters } from "../protocol/parameters.ts";
import type { Mailbox } from "../protocol/path.ts";
import { type Draft, type Envelope, newEnvelope, type Recipient } from "./envelope.ts";
import type { Reception } from "./reception.ts";

export class Transaction {
  /** Stands in the log, in `Received:` and in the reply: what client and server can both look up. */
  readonly id: string;
  readonly envelope: Draft<Envelope> & { to: Recipient[] };
  /** How many recipients were refused. */
  refused = 0;
  /** The message, once it has begun to come. */
  reception: Reception | undefined;

  constructor(id: string, from: Mailbox | null, parameters: Parameters) {
    this.id = id;
    this.envelope = newEnvelope(from, parameters);
  }
}
