/**
 * LIMITS (RFC 9422): how many recipients a transaction may have, and how many transactions a session.
 *
 * On by default: it only tells what is enforced anyway, so that clients need not find out. Past RCPTMAX the reply is
 * 452 4.5.3, past MAILMAX 421 4.7.0.
 */

import type { Extension } from "../extensions.ts";

export const limits: Extension = {
  advertise({ options }) {
    const { recipients, transactions } = options.limits;
    const values = [limit("RCPTMAX", recipients), limit("MAILMAX", transactions)].filter((each) => each !== undefined);
    return values.length === 0 ? undefined : `LIMITS ${values.join(" ")}`;
  },
};

/** The grammar has room for six digits (section 5); whatever is larger need not be known. */
function limit(name: string, value: number): string | undefined {
  return value >= 1 && value <= 999_999 ? `${name}=${Math.floor(value)}` : undefined;
}
