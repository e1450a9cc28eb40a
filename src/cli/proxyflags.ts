/** The flags of `serve` about who stands between the clients and the server. */

import type { Flag } from "./flags.ts";
import { list, lmtpOrSmtp, seconds } from "./kind.ts";

/** PROXY headers, XCLIENT and LMTP. */
export const proxies: readonly Flag[] = [
  {
    name: "lmtp",
    sets: "protocol",
    kind: lmtpOrSmtp,
    default: "false",
    help: "speak LMTP, behind a mail server that does the queueing",
  },
  {
    name: "proxy-protocol",
    sets: "proxyProtocol",
    kind: list("CIDR"),
    help: "proxies whose connections begin with a PROXY header; unix stands for Unix sockets",
  },
  {
    name: "proxy-header-timeout",
    sets: "timeouts.proxyHeader",
    kind: seconds,
    default: "5",
    help: "for that header",
  },
  {
    name: "xclient",
    sets: "xclient",
    kind: list("CIDR"),
    help: "who may say by XCLIENT and XFORWARD whom it speaks for",
  },
];
