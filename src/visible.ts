/** Text of others, as a log can show it: on one line, and with nothing in it that a terminal obeys. */

/** Control characters, and what only looks like text, as escapes: nobody writes lines of their own into the log. */
export function visible(text: string): string {
  return isPlain.test(text) ? text : withoutControls(text.replaceAll("\\", "\\\\"));
}

/** Nearly all of what is logged: a quick look spares it the rest. */
const isPlain = /^[\x20-\x5b\x5d-\x7e]*$/;

/** The same for text that may be escaped already: backslashes stay as they are. */
export function withoutControls(text: string): string {
  if (isPlain.test(text)) return text;
  return text.toWellFormed().replace(unseen, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    if (code.length > 4) return `\\u{${code}}`;
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** What a terminal obeys, what turns the direction of writing, and what takes no room: two texts would look alike. */
const unseen =
  /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/**
 * A URL that others may read: without its user and password, and with only the names of its query, whose values are
 * often secrets. Text that is no http URL, though it was meant to be one, loses all before its last `@`, and without one
 * what could be a password whose host was forgotten.
 */
export function visibleUrl(text: string): string {
  if (!/^https?:/i.test(text) || !URL.canParse(text)) {
    const nameless = text.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, "$1…@");
    return visible(
      withoutQuery(nameless.replace(/^([a-z][a-z\d+.-]*:\/\/)?([^:/@[]*:)(?!\d*(?:[/?#]|$)).*/is, "$1$2…")),
    );
  }
  const url = new URL(text);
  url.username = url.password = "";
  return withoutQuery(url.href);
}

/** The URLs in a text of others, each as {@linkcode visibleUrl} has it. */
export function withVisibleUrls(text: string): string {
  return text.replace(/\bhttps?:\/\/[^\s"'`<>()]+/gi, visibleUrl);
}

function withoutQuery(text: string): string {
  const [place = "", query] = text.replace(/#.*/s, "").split(/\?(.*)/s);
  if (!query) return place;
  const shown = query.split("&").map((pair) => pair.includes("=") ? `${pair.replace(/=.*/s, "")}=…` : "…");
  return `${place}?${shown.join("&")}`;
}

/**
 * One line for whatever was thrown: its name where that says more than "Error", and its message. Never throws itself,
 * whatever getters and conversions it meets.
 */
export function describeError(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return visible(String(thrown));
    const name = thrown.name === "Error" ? "" : `${thrown.name}: `;
    // Some runtimes colour what they say of modules.
    const message = thrown.message.replace(/\x1b\[[\d;]*m/g, "").replace(/\s*\n\s*/g, " ");
    return visible(`${name}${message || "(no message)"}`);
  } catch {
    return "(an error that cannot be put into words)";
  }
}

/** The stack of what was thrown and those of its causes, line by line; empty when it has none. Never throws itself. */
export function stackOf(thrown: unknown, depth = 0): string {
  try {
    if (!(thrown instanceof Error)) return "";
    const own = (thrown.stack ?? "").split("\n").map(visible).join("\n");
    if (thrown.cause === undefined || depth === 5) return own;
    return `${own}\ncaused by ${stackOf(thrown.cause, depth + 1) || describeError(thrown.cause)}`;
  } catch {
    return "";
  }
}
