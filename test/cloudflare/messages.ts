/** Twelve messages, and what becomes of each at every door. */

/** A message of test/mail with its envelope. */
export interface DoorMessage {
  readonly name: string;
  /** Empty for `<>`. */
  readonly from: string;
  readonly to: string;
  /** Parameters of MAIL that it needs over SMTP. */
  readonly parameters?: string;
  readonly outcome: "taken" | "refused" | "later";
}

export const doorMessages: readonly DoorMessage[] = [
  { name: "plain", from: "alice@example.org", to: "bob@example.com", outcome: "taken" },
  { name: "plain", from: "alice@example.org", to: "bob@elsewhere.test", outcome: "refused" },
  { name: "folded", from: "x@spam.example", to: "bob@example.com", outcome: "refused" },
  { name: "html_only", from: "alice@example.org", to: "nobody@example.com", outcome: "refused" },
  { name: "alternative", from: "alice@example.org", to: "busy@example.com", outcome: "later" },
  { name: "received", from: "alice@example.org", to: "fails@example.com", outcome: "later" },
  { name: "mixed", from: "alice@example.org", to: "parts@example.com", outcome: "refused" },
  { name: "gb18030_base64", from: "alice@example.org", to: "parts@example.com", outcome: "taken" },
  { name: "report", from: "", to: "show+verp@example.com", outcome: "refused" },
  { name: "no_header", from: "alice@example.org", to: "SHOW.me@Example.COM", outcome: "refused" },
  {
    name: "smtputf8",
    from: "jürgen@bücher.example",
    to: "show@example.com",
    parameters: "SMTPUTF8 BODY=8BITMIME",
    outcome: "refused",
  },
  {
    name: "utf8_8bit",
    from: "alice@example.org",
    to: "show@example.com",
    parameters: "BODY=8BITMIME",
    outcome: "refused",
  },
];

/** What a door did: nothing is success. */
export interface Outcome {
  readonly outcome: DoorMessage["outcome"];
  /** What a refused sender is told. */
  readonly text?: string;
}
