/** AUTH (RFC 4954): the mechanisms that may be used now, and who submitted a message. */

import { parsePath } from "../../protocol/path.ts";
import { decodeXtext } from "../../protocol/xtext.ts";
import type { Extension } from "../extensions.ts";
import { offeredMechanisms } from "../mechanisms.ts";
import * as replies from "../replies.ts";

export const auth: Extension = {
  advertise(conversation) {
    const offered = offeredMechanisms(conversation);
    return offered.length === 0 ? undefined : `AUTH ${offered.map(({ name }) => name).join(" ")}`;
  },
  mailOctets: 500,
  mail: {
    AUTH(value, envelope) {
      const submitter = value === "<>" ? value : decodeXtext(value ?? "");
      if (submitter === "<>") {
        envelope.auth = null;
        return undefined;
      }
      const path = parsePath(`<${submitter ?? ""}>`);
      if (typeof path === "string" || path.mailbox === null || path.rest !== "") return replies.badParameter("AUTH");
      envelope.auth = path.mailbox.address;
      return undefined;
    },
  },
};
