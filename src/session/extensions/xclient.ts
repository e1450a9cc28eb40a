/** XCLIENT and XFORWARD: told of to those alone who may use them. On by default: the list `xclient` is what decides. */

import { xclientNames } from "../claims.ts";
import type { Extension } from "../extensions.ts";
import { xforwardNames } from "../verbs/xforward.ts";

export const xclient: Extension = {
  advertise: ({ claims }) => claims === undefined ? undefined : `XCLIENT ${xclientNames.join(" ")}`,
};

export const xforward: Extension = {
  advertise: ({ claims }) => claims === undefined ? undefined : `XFORWARD ${xforwardNames.join(" ")}`,
};
