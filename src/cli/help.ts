/** What `--help` prints. */

import { type Flag, type FlagGroup, twinOf } from "./flags.ts";

/** The commands. */
export const overview = `Postern: SMTP in, a fetch handler out.

Usage: postern COMMAND [FLAGS]

Commands:
  serve [ENTRY]  take mail and hand it to the app that ENTRY exports; without ENTRY, show it (for development)
  forward        take mail and hand it to an HTTP function, signed

Flags:
  -h, --help     print this help; after a command, print that command's
  -v, --version  print the version

Examples:
  postern serve                        look at the mail that your program sends: 127.0.0.1, port 2525
  postern serve app.ts                 serve an app, on port 2525 of all addresses
  postern serve --help                 every flag

Exit status: 0 when it did what it was asked, 2 when the call is wrong, 1 for everything else. Text is coloured on a
terminal only, and not where NO_COLOR is set.
`;

const serveHead = `Usage: postern serve [ENTRY] [FLAGS]

Takes mail by SMTP and hands it to ENTRY's default export: a Postern, a Hono app, a function
(request, env, ctx) => Response, or an object with such a fetch method. ENTRY is a file, a file URL or the name of a
package. Without ENTRY mail for anybody is taken on 127.0.0.1 and shown as it arrives, and none is kept: that is for
development only.
`;

const forwardHead = `Usage: postern forward --to URL --domain NAME[,NAME] --secret-file PATH [FLAGS]

Takes mail by SMTP for the domains that are named, and hands each message to an HTTP function: one POST for each
recipient, signed by Standard Webhooks. The function's answer is the reply: 2xx takes the message; 4xx refuses it, but
for 401, 407, 408, 425 and 429; these, 5xx and no answer let the sender try again. SMTP's own codes, as 450 or 550, are
taken at their word.
`;

const forwardTail = `
Formats: raw (message/rfc822, the envelope in headers), json, json-multipart (attachments as parts of a form), and those
of services: postmark, sendgrid, mailgun, smtp2http, action-mailbox (Rails; the password goes into the URL).

Every flag has an environment twin: POSTERN_ and its name in capitals, as POSTERN_SECRET_FILE. A flag counts before its
twin. Without --secret-file or POSTERN_SECRET nothing is signed: the formats raw and json ask for one.

Examples:
  echo "whsec_$(openssl rand -base64 32)" > secret
  postern forward --to https://app.example/inbound --domain example.com --secret-file secret
  postern forward --to https://app.example/inbound --domain example.com,example.org --secret-file secret --format json

Exit status: 0 after SIGINT or SIGTERM, once sessions are finished; 2 when the call is wrong; 1 for everything else.
`;

const serveTail = `
Every flag has an environment twin: POSTERN_ and its name in capitals, as POSTERN_MAX_SIZE. A flag counts before its
twin; for the port PORT counts last. Sizes are octets, or have a unit: KiB MiB GiB (1024), KB MB GB (1000).
A switch is taken back with --no-, as --no-print-config. In the environment, what --tls-cert and --tls-key name may
stand itself: PEM text. Behind a port of --listen may stand /tls (from the first octet), /submission (TLS and a login
before mail), /require-tls, /require-auth and /lmtp.

Examples:
  postern serve                               show the mail that comes to 127.0.0.1:2525
  postern serve app.ts --port 25              serve an app on the port where mail servers look for it
  postern serve app.ts --listen 25,465/tls,587/submission --tls-cert fullchain.pem --tls-key privkey.pem
  postern serve app.ts --max-size 50MiB --log-format json
  POSTERN_PORT=2626 postern serve app.ts --print-config

Exit status: 0 after SIGINT or SIGTERM, once sessions are finished; 2 when the call is wrong; 1 for everything else.
`;

/** Wide enough for most names; longer ones have a line of their own. */
const column = 34;

/** The help of `serve`. */
export function serveHelp(groups: readonly FlagGroup[]): string {
  return serveHead + sections(groups) + serveTail;
}

/** The help of `forward`. */
export function forwardHelp(groups: readonly FlagGroup[]): string {
  return forwardHead + sections(groups) + forwardTail;
}

function sections(groups: readonly FlagGroup[]): string {
  return groups.map(({ title, flags }) => `\n${title}:\n${flags.map(line).join("")}`).join("");
}

function line(flag: Flag): string {
  const { name, short, kind, help, environment } = flag;
  const head = `  ${short === undefined ? "    " : `-${short}, `}--${name}${
    kind.placeholder === "" ? "" : ` ${kind.placeholder}`
  }`;
  const usual = flag.default === "false" ? undefined : flag.defaultText ?? flag.default;
  const notes = [
    usual === undefined ? "" : `default ${usual}`,
    environment === undefined ? "" : `also ${twinOf(flag)}, ${environment}`,
  ];
  const known = notes.filter((note) => note !== "").join("; ");
  const gap = head.length < column - 1 ? " ".repeat(column - head.length) : `\n${" ".repeat(column)}`;
  return `${head}${gap}${help}${known === "" ? "" : ` (${known})`}\n`;
}
