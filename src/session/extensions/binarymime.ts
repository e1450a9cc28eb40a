/**
 * BINARYMIME (RFC 3030 section 3): the message may hold any octets, in lines or not, and comes by BDAT.
 *
 * On by default: handlers get the octets as they came. An application that passes mail on to servers without BINARYMIME
 * has to encode it for them, or switches the extension off. Without CHUNKING there is none.
 */

import type { Extension } from "../extensions.ts";
import { body } from "./eightbitmime.ts";

export const binaryMime: Extension = {
  advertise: ({ options }) => options.offer.has("chunking") ? "BINARYMIME" : undefined,
  mailOctets: 17,
  mail: { BODY: body },
};
