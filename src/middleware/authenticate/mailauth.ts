/** The library that verifies signatures, loaded when the first message is verified: it is large. */

import type { Buffer } from "node:buffer";
import type { Readable } from "node:stream";

/** What of the library is used here. */
export interface Mailauth {
  dkimVerify(message: Readable, options: { resolver: LibraryResolver }): Promise<Verified>;
  arc(chain: unknown, options: { resolver: LibraryResolver }): Promise<{ status: Status; i?: number | false }>;
}

export type LibraryResolver = (name: string, type: string) => Promise<string[][]>;

interface Status {
  readonly result: string;
  readonly comment?: string;
  /** Octets of text that a signature with `l=` leaves out. */
  readonly underSized?: number;
}

interface Verified {
  readonly results: readonly VerifiedSignature[];
  readonly arc?: { readonly chain?: readonly ChainLink[] | false; readonly error?: Error };
}

/** A signature that was looked at; a message without any has one result without a domain. */
export interface VerifiedSignature {
  readonly signingDomain?: string;
  readonly selector?: string;
  readonly signature?: string;
  readonly status: Status;
  /** The key record without blanks. */
  readonly rr?: string;
}

/** One set of ARC fields. */
export interface ChainLink {
  readonly "arc-seal": Field;
  readonly "arc-message-signature": Field;
}

interface Field {
  readonly original: Buffer;
  /** `rsa-sha256`; the library fills these two in for the last seal alone. */
  algorithm?: string;
  signAlgo?: string;
}

let loading: Promise<Mailauth> | undefined;

/** Loads it, once. */
export function mailauth(): Promise<Mailauth> {
  return loading ??= import("mailauth") as unknown as Promise<Mailauth>;
}
