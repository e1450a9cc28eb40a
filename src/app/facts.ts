/** The facts of an event as headers: what a bare function, in any language, is told. */

import type { Parameters } from "../protocol/parameters.ts";
import type { Mailbox } from "../protocol/path.ts";
import { authorizationOf } from "./authorization.ts";
import type { Mail } from "./mail.ts";
import type { StageEvent } from "./stage.ts";

/** The headers of a stage's request. */
export function factHeaders(event: StageEvent, mail: Mail | undefined): [string, string][] {
  const { session } = event;
  const headers: [string, string][] = [
    ["smtp-session-id", session.id],
    ["smtp-remote-address", asciiValue(session.remote.address)],
  ];
  if (session.helo !== undefined) headers.push(["smtp-helo", asciiValue(session.helo)]);
  if (session.user !== undefined) headers.push(["smtp-user", asciiValue(session.user)]);
  if ("envelope" in event && event.envelope !== undefined) {
    headers.push(["smtp-mail-from", asciiValue(event.envelope.from?.address ?? "")]);
    for (const recipient of recipientsOf(event)) headers.push(["smtp-rcpt-to", asciiValue(recipient.address)]);
    pushParameters(headers, "smtp-mail-parameters", event.envelope.parameters);
  }
  if ("recipient" in event) pushParameters(headers, "smtp-rcpt-parameters", event.recipient.parameters);
  if (mail !== undefined) {
    headers.push(["smtp-message-id", mail.id], ["content-type", "message/rfc822"], ["content-length", `${mail.size}`]);
  }
  if (event.stage === "auth") {
    const authorization = authorizationOf(event.credentials);
    if (authorization !== undefined) headers.push(["authorization", authorization]);
  }
  if (event.stage === "command") headers.push(["smtp-argument", asciiValue(event.argument)]);
  return headers;
}

/** The parameters as they stood in the command: `SIZE=1000 BODY=8BITMIME`. */
function pushParameters(headers: [string, string][], name: string, parameters: Parameters): void {
  if (parameters.size === 0) return;
  const words = [...parameters].map(([keyword, value]) => value === undefined ? keyword : `${keyword}=${value}`);
  headers.push([name, asciiValue(words.join(" "))]);
}

function recipientsOf(event: StageEvent): readonly Mailbox[] {
  if ("recipient" in event) return [event.recipient];
  return "envelope" in event ? event.envelope?.to ?? [] : [];
}

/**
 * Header values are printable ASCII: all else is percent-encoded, the percent sign with it, so that it can be undone. So
 * is the comma, which parts the addresses where `Headers` joins several: `"a, b"@x.test` must not look like two.
 */
function asciiValue(text: string): string {
  return text.toWellFormed().replace(/[^\x20-\x24\x26-\x2b\x2d-\x7e]/gu, (character) => encodeURIComponent(character));
}
