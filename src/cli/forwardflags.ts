/** The flags of `postern forward`. */

import { type FormatName, formatNames } from "../forward/format.ts";
import { type Flag, type FlagGroup, serveFlags } from "./flags.ts";
import { count, domains, oneOf, onOrOff, text, url } from "./kind.ts";

/** What is set for `postern forward` alone. */
export interface ForwardCommandSettings {
  /** The function's URL. */
  readonly to: string;
  /** Whose mail is taken. */
  readonly domains: readonly string[];
  readonly secretFile: string;
  /** The secret itself. */
  readonly secret: string;
  readonly format: FormatName;
  readonly allowPrivate: boolean;
  /** Whether the function is asked about each recipient before its mail comes. */
  readonly askRecipients: boolean;
  /** Requests at a time. */
  readonly concurrency: number;
}

const forwarding: readonly Flag[] = [
  { name: "to", sets: "forward.to", kind: url, help: "the function: each message is a POST there" },
  {
    name: "domain",
    sets: "forward.domains",
    kind: domains,
    help: "whose mail is taken; all other is refused with 550 5.1.1",
  },
  {
    name: "secret-file",
    sets: "forward.secretFile",
    kind: text("PATH"),
    help: "a file with the secret that signs the requests, or several, a line each",
  },
  {
    name: "secret",
    sets: "forward.secret",
    kind: text("TEXT"),
    help: "the secret itself; better given by its twin in the environment",
    isSecret: true,
  },
  {
    name: "format",
    sets: "forward.format",
    kind: { ...oneOf(...formatNames), placeholder: "FORMAT" },
    default: "raw",
    help: "what a request looks like, see below",
  },
  {
    name: "ask-recipients",
    sets: "forward.askRecipients",
    kind: onOrOff,
    default: "false",
    help: "ask the function about each recipient, too, before the message comes",
  },
  { name: "concurrency", sets: "forward.concurrency", kind: count, default: "32", help: "requests at a time" },
  {
    name: "allow-private",
    sets: "forward.allowPrivate",
    kind: onOrOff,
    default: "false",
    help: "let the function be in a private network, or on this machine",
  },
];

function withoutInbox(flag: Flag): readonly Flag[] {
  if (flag.sets === "command.publicInbox") return [];
  return flag.sets === "hostname" ? [{ ...flag, defaultText: "0.0.0.0" }] : [flag];
}

/** The flags of `forward`: its own, and those of `serve` but for the inbox's. */
export const forwardFlags: readonly FlagGroup[] = [
  { title: "Forwarding", flags: forwarding },
  ...serveFlags.map(({ title, flags }) => ({ title, flags: flags.flatMap(withoutInbox) })),
];
