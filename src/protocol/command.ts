/** SMTP command lines (RFC 5321 section 4.1.1): a verb, and whatever stands behind it. */

/** A command line taken apart. */
export interface Command {
  /** Upper case. */
  readonly verb: string;
  /** What follows the verb and one space, without trailing blanks; empty when there is nothing. */
  readonly argument: string;
}

/** RFC 5321 section 4.1.1: verbs are letters; private ones begin with X (section 4.1.5) and may hold digits. */
const verbSyntax = /^[A-Za-z][A-Za-z0-9-]*$/;

const upperVerb = /^[A-Z]+$/;

/**
 * Takes a command line apart.
 *
 * Only ASCII letters change case, so `LAſT`-like tricks of Unicode folding do not arise. Trailing blanks are dropped
 * (RFC 5321 section 4.1.1: receivers SHOULD tolerate them).
 *
 * @param line the line without its CRLF.
 * @returns undefined when there is no verb.
 */
export function parseCommand(line: string): Command | undefined {
  const blank = line.indexOf(" ");
  const verb = blank < 0 ? line : line.slice(0, blank);
  // Most clients write it so already, and then it is not copied.
  const isUpper = upperVerb.test(verb);
  if (!isUpper && !verbSyntax.test(verb)) return undefined;
  return { verb: isUpper ? verb : verb.toUpperCase(), argument: blank < 0 ? "" : trimBlanks(line, blank + 1) };
}

function trimBlanks(line: string, start: number): string {
  let end = line.length;
  while (end > start && line.charCodeAt(end - 1) === 0x20) end--;
  return line.slice(start, end);
}

const control = /[\x00-\x1f\x7f]/;

/** Whether a line holds a control character: none may (RFC 5321 section 4.1.2), a bare CR or LF least of all (2.3.8). */
export function hasControl(line: string): boolean {
  return control.test(line);
}

/** The first words of an HTTP request, which no mail client sends: a browser or a proxy was made to talk to this port. */
export function isHttpRequest(line: string): boolean {
  return /^(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|PRI) \S+/.test(line);
}
