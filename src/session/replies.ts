/** The replies a session gives of its own accord; codes as in RFC 5321 section 4.2.3 and RFC 3463. */

import { ready, type Reply } from "../protocol/reply.ts";

function fixed(code: number, enhanced: string, text: string, close?: boolean): Reply {
  return ready(close ? { code, enhanced, text, close } : { code, enhanced, text });
}

/** Success, stage by stage. */
export const mailOk: Reply = fixed(250, "2.1.0", "Ok");
export const rcptOk: Reply = fixed(250, "2.1.5", "Ok");
export const ok: Reply = fixed(250, "2.0.0", "Ok");
export const startData: Reply = ready({ code: 354, text: "End data with <CR><LF>.<CR><LF>" });
export const eachFollows: Reply = { code: 353, text: "Replies for each recipient follow" };
export const bye: Reply = fixed(221, "2.0.0", "Bye", true);

/** Commands that cannot be carried out as they stand, or not now. */
const sayHelloFirst: Reply = fixed(503, "5.5.1", "Error: send HELO/EHLO first");
const sayLhloFirst: Reply = fixed(503, "5.5.1", "Error: send LHLO first");
export const nestedMail: Reply = fixed(503, "5.5.1", "Error: nested MAIL command");
export const mailFirst: Reply = fixed(503, "5.5.1", "Error: need MAIL command");
export const rcptFirst: Reply = fixed(503, "5.5.1", "Error: need RCPT command");
export const binaryNeedsBdat: Reply = fixed(503, "5.5.1", "Error: BODY=BINARYMIME requires BDAT");
const noRecipients: Reply = fixed(554, "5.5.1", "Error: no valid recipients");
export const connection: Reply = fixed(503, "5.5.1", "Error: access denied, only QUIT is left");
export const notTrusted: Reply = fixed(550, "5.7.0", "Error: insufficient authorization");
export const badSender: Reply = fixed(501, "5.1.7", "Bad sender address syntax");
export const badRecipient: Reply = fixed(501, "5.1.3", "Bad recipient address syntax");
export const sizeSyntax: Reply = fixed(501, "5.5.4", "Bad message size syntax");
export const tooLarge: Reply = fixed(552, "5.3.4", "Message size exceeds the limit");
export const headerTooLarge: Reply = fixed(552, "5.3.4", "Header too large");
export const needsSmtputf8: Reply = fixed(553, "5.6.7", "Must declare SMTPUTF8 to use an internationalized address");
export const tooManyRecipients: Reply = fixed(452, "4.5.3", "Error: too many recipients");
export const bareNewline: Reply = fixed(550, "5.5.2", "Error: bare <CR> or <LF> received");
export const mailLoop: Reply = fixed(554, "5.4.6", "Error: too many Received: fields, this is a mail loop");
export const storage: Reply = fixed(452, "4.3.1", "Insufficient system storage, try again later");
export const unknown: Reply = fixed(500, "5.5.2", "Error: command not recognized");
export const badSyntax: Reply = fixed(500, "5.5.2", "Error: bad syntax");
export const tooLong: Reply = fixed(500, "5.5.2", "Error: command line too long");
export const notUtf8: Reply = fixed(500, "5.5.2", "Error: bad UTF-8 syntax");
export const wrongProtocol: Reply = fixed(500, "5.5.1", "Error: command not recognized by this protocol");
export const notImplemented: Reply = fixed(502, "5.5.1", "Error: command not implemented");

/** Encryption, and what it or a login must come before (RFC 3207 section 4, RFC 4954 section 6). */
export const startTls: Reply = fixed(220, "2.0.0", "Ready to start TLS");
export const alreadyEncrypted: Reply = fixed(554, "5.5.1", "Error: TLS is already active");
export const needsTls: Reply = fixed(530, "5.7.0", "Must issue a STARTTLS command first");
export const needsAuth: Reply = fixed(530, "5.7.0", "Authentication required");

/** AUTH (RFC 4954 sections 4 and 6). */
export const authenticated: Reply = fixed(235, "2.7.0", "Authentication successful");
export const sayEhloFirst: Reply = fixed(503, "5.5.1", "Error: send EHLO first");
export const alreadyAuthenticated: Reply = fixed(503, "5.5.1", "Error: already authenticated");
export const authInTransaction: Reply = fixed(503, "5.5.1", "Error: AUTH is not allowed in a mail transaction");
export const encryptionNeeded: Reply = fixed(538, "5.7.11", "Encryption required for authentication");
export const noSuchMechanism: Reply = fixed(504, "5.5.4", "Error: authentication mechanism is not offered");
export const authCancelled: Reply = fixed(501, "5.7.0", "Authentication cancelled");
export const noInitialResponse: Reply = fixed(501, "5.7.0", "Error: this mechanism has no initial response");
export const badBase64: Reply = fixed(501, "5.5.2", "Error: cannot decode the response as base64");
export const badResponse: Reply = fixed(501, "5.5.2", "Error: malformed authentication response");
export const authTooLong: Reply = fixed(500, "5.5.6", "Authentication exchange line is too long");
export const badCredentials: Reply = fixed(535, "5.7.8", "Authentication credentials invalid");
export const authUnavailable: Reply = fixed(454, "4.7.0", "Temporary authentication failure");

/** Replies that end the session. */
export const bdatOff: Reply = fixed(521, "5.5.1", "Error: CHUNKING is not offered", true);
export const bdatSyntax: Reply = fixed(521, "5.5.4", "Syntax: BDAT count [LAST]", true);
export const chunkTooLarge: Reply = fixed(552, "5.3.4", "Chunk exceeds the message size limit", true);
export const tooManyAuthFailures: Reply = fixed(421, "4.7.0", "Error: too many failed logins", true);
export const lost: Reply = fixed(421, "4.4.2", "Error: connection lost", true);
export const synchronization: Reply = fixed(554, "5.5.0", "Error: SMTP protocol synchronization", true);
export const tooManyErrors: Reply = fixed(421, "4.7.0", "Error: too many errors", true);
export const tooManyCommands: Reply = fixed(421, "4.7.0", "Error: too many commands without mail", true);
export const tooManyTransactions: Reply = fixed(421, "4.7.0", "Error: too many messages in one session", true);
export const tooManyConnections: Reply = fixed(421, "4.7.0", "Error: too many connections", true);
export const timeout: Reply = fixed(421, "4.4.2", "Error: timeout exceeded", true);
export const lostInData: Reply = fixed(451, "4.4.2", "Error: connection lost before the end of data", true);
export const shuttingDown: Reply = fixed(421, "4.3.2", "Server is shutting down, try again later", true);
export const http: Reply = fixed(221, "2.7.0", "Error: I speak SMTP, not HTTP. Goodbye.", true);
export const tlsHello: Reply = fixed(421, "4.7.0", "Error: TLS is not spoken here before STARTTLS", true);

/** 503 before EHLO, HELO or LHLO. */
export function helloFirst(protocol: "smtp" | "lmtp"): Reply {
  return protocol === "lmtp" ? sayLhloFirst : sayHelloFirst;
}

/** A message without recipients; in LMTP it makes no difference whether some were refused (RFC 2033 section 4.2). */
export function forNobody(refused: number, protocol: "smtp" | "lmtp"): Reply {
  return refused > 0 && protocol !== "lmtp" ? noRecipients : rcptFirst;
}

/** 503 for a command that has no place between the chunks of a message. */
export function afterBdat(verb: string): Reply {
  return { code: 503, enhanced: "5.5.1", text: `Error: ${verb} after BDAT` };
}

/** 503 for a command that has no place between MAIL and the end of the message. */
export function inTransaction(verb: string): Reply {
  return { code: 503, enhanced: "5.5.1", text: `Error: ${verb} within a transaction` };
}

/** 501 for what is wrong with the attributes of XCLIENT or XFORWARD. */
export function badAttribute(verb: string, fault: string): Reply {
  return { code: 501, enhanced: "5.5.4", text: `Error: ${verb} with ${fault}` };
}

/** 250 for a chunk that others follow. */
export function chunkOk(octets: number): Reply {
  return { code: 250, enhanced: "2.0.0", text: `Ok: ${octets} octets` };
}

/** 551 for a chunk of a message that was refused with an earlier one. */
export function chunkDiscarded(octets: number): Reply {
  return { code: 551, enhanced: "5.0.0", text: `Discarded ${octets} octets after earlier error` };
}

/** 501 with what would have been right. */
export function syntax(usage: string): Reply {
  return { code: 501, enhanced: "5.5.4", text: `Syntax: ${usage}` };
}

/** 555 for a parameter nobody offered (RFC 5321 section 4.1.1.11). */
export function unsupportedParameter(keyword: string): Reply {
  return { code: 555, enhanced: "5.5.4", text: `Unsupported option: ${keyword}` };
}

/** 501 for a value a parameter cannot have. */
export function badParameter(keyword: string): Reply {
  return { code: 501, enhanced: "5.5.4", text: `Bad value of ${keyword}` };
}
