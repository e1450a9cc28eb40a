/** The flags of `serve` about who may log in, and how. */

import type { Flag } from "./flags.ts";
import { count, onOrOff, seconds, secondsOrNone } from "./kind.ts";

/** AUTH (RFC 4954). */
export const authentication: readonly Flag[] = [
  {
    name: "allow-insecure-auth",
    sets: "allowInsecureAuth",
    kind: onOrOff,
    default: "false",
    help: "offer AUTH without encryption",
  },
  {
    name: "max-auth-failures",
    sets: "limits.authFailures",
    kind: count,
    default: "3",
    help: "failed logins in one session",
  },
  {
    name: "max-auth-failures-per-address",
    sets: "limits.authFailuresPerAddress",
    kind: count,
    default: "30",
    help: "failed logins of one address within the window",
  },
  {
    name: "auth-failure-window",
    sets: "limits.authFailureWindow",
    kind: seconds,
    default: "600",
    help: "how long a failed login counts against its address",
  },
  {
    name: "auth-failure-delay",
    sets: "timeouts.authFailureDelay",
    kind: secondsOrNone,
    default: "1",
    help: "before a failed login is answered, times the number of failures",
  },
];
