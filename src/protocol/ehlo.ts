/** The lines of the reply to EHLO (RFC 5321 section 4.1.1.1). */

/** ehlo-keyword and its ehlo-params. */
const syntax = /^[A-Za-z0-9][A-Za-z0-9-]*(?: [\x21-\x7e]+)*$/;

/** "250-", the line and CRLF have 512 octets together (section 4.5.3.1.5); a client cannot join what is broken. */
const longest = 512 - 6;

/** Whether a line tells of an extension, and is not just words. */
export function isEhloLine(line: string): boolean {
  return line.length <= longest && syntax.test(line);
}
