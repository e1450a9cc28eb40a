/**
 * What a parser must find in the messages of this folder. The table was written from what went into them, and Python's
 * `email` package reads them alike.
 *
 * @module
 */

export interface ExpectedAddress {
  readonly name: string;
  readonly address: string;
}

export interface ExpectedAttachment {
  readonly filename?: string;
  readonly contentType: string;
  /** Bytes after decoding. */
  readonly size: number;
  /** Lower-case hex, of the decoded bytes. */
  readonly sha256: string;
}

export interface ExpectedMail {
  /** The name of the file, without `.eml`. */
  readonly name: string;
  readonly subject: string | undefined;
  readonly from: readonly ExpectedAddress[];
  /** Groups opened out. The first few, where `recipients` says that there are more. */
  readonly to: readonly ExpectedAddress[];
  readonly recipients?: number;
  /** Each of these is in the plain text. Lines end in LF there. */
  readonly text?: readonly string[];
  /** Each of these is in the HTML. */
  readonly html?: readonly string[];
  readonly attachments?: readonly ExpectedAttachment[];
  /** How many fields of a name the header has. */
  readonly fields?: Readonly<Record<string, number>>;
  /** The message needs SMTPUTF8 (RFC 6531): its header is not ASCII. */
  readonly smtputf8?: true;
  /** The message needs 8BITMIME (RFC 6152): its body is not ASCII. */
  readonly eightBit?: true;
}

const alice: ExpectedAddress = { name: "Alice Example", address: "alice@example.com" };
const bob: ExpectedAddress = { name: "Bob", address: "bob@example.net" };
const aliceToBob = { from: [alice], to: [bob] } as const;

/** One entry for each file. */
export const expectedMails: readonly ExpectedMail[] = [
  {
    ...aliceToBob,
    name: "plain",
    subject: "Dots at the start of lines",
    text: [
      "begin with dots.\n.\n..\n...\n.hidden\n.. two and a word\n. one, and a blank behind it\n\t.a tab",
      "before it\nFrom the start of a line.\nA line that ends in a dot.\n.\n",
    ],
    fields: { from: 1, to: 1, subject: 1, date: 1, "message-id": 1 },
  },
  {
    ...aliceToBob,
    name: "alternative",
    subject: "Lunch on Friday?",
    text: [
      "at the café, 12:30 = half past twelve?\nIt costs 10 € – with dessert.",
      "longer than seventy-six characters and so is folded softly by its encoding.\n\n-- \nAlice\n",
    ],
    html: ["<p>shall we have lunch at the <b>café</b>, 12:30?</p>"],
  },
  {
    ...aliceToBob,
    name: "mixed",
    subject: "Report and a forwarded letter",
    text: ["Please find the report attached. Grüße, Alice\n"],
    attachments: [
      {
        filename: "Quartalsbericht €.pdf",
        contentType: "application/pdf",
        size: 3084,
        sha256: "5200e971b3e1b634b7becebd9be853e79e72957c837ec479f20de8691bf84ad3",
      },
      {
        filename: "letter.eml",
        contentType: "message/rfc822",
        size: 290,
        sha256: "f475dd3c0d87defe164ed942d4bd7441a5b1de8cd63bb785d305c3c1a2f20cd9",
      },
      {
        filename: "numbers.csv",
        contentType: "text/csv",
        size: 29,
        sha256: "431851d86408d4fade7fc47adf958c66f9e684cc7689e5ba86c55ba1a6e09ce9",
      },
    ],
    eightBit: true,
  },
  {
    ...aliceToBob,
    name: "inline",
    subject: "A picture in the text",
    html: ["<p>See: <img src=", 'alt="a square"></p>'],
    attachments: [{
      filename: "square.png",
      contentType: "image/png",
      size: 125,
      sha256: "f5c35e73d851ff5817756ab4f75777bd0d8340d6cedfcfd46222567313862e0c",
    }],
  },
  {
    name: "encoded_headers",
    subject: "Grüße aus Köln und 東京 🎉 (plain)",
    from: [{ name: "Jürgen Müller", address: "juergen@example.com" }],
    to: [
      { name: "Владимир", address: "vladimir@example.net" },
      { name: "Doe, Jane", address: "jane@example.net" },
      { name: "李四", address: "lisi@example.net" },
    ],
    text: ["The header is encoded, the body is not.\n"],
  },
  {
    ...aliceToBob,
    name: "latin1_quoted_printable",
    subject: "Crème brûlée",
    text: ["Crème brûlée, Ærø, ½ Maß, ñandú, ÿ.\nEin Gleichheitszeichen: = und ein Leerzeichen am Ende \n"],
  },
  {
    ...aliceToBob,
    name: "latin9_8bit",
    subject: "5 € pour l œuvre",
    text: ["Prix : 5 €, œuvre, Žižka, Šárka.\n"],
    eightBit: true,
  },
  {
    ...aliceToBob,
    name: "windows1252_8bit",
    subject: "“Quoted” — €",
    text: ["“Smart quotes”, an em — dash, 5 €, ™, naïve…\n"],
    eightBit: true,
  },
  {
    ...aliceToBob,
    name: "koi8r_base64",
    subject: "Привет",
    text: ["Привет, мир! Съешь ещё этих мягких французских булок.\n"],
  },
  {
    ...aliceToBob,
    name: "iso2022jp_7bit",
    subject: "日本語の件名",
    text: ["こんにちは、世界。\n日本語のメールです。\n"],
  },
  {
    ...aliceToBob,
    name: "gb18030_base64",
    subject: "中文主题",
    text: ["你好，世界。㐀 and 😀 need four bytes.\n"],
  },
  {
    ...aliceToBob,
    name: "shiftjis_8bit",
    subject: "表のソ能",
    text: ["カタカナとｶﾀｶﾅ、表示ソ能。\n"],
    eightBit: true,
  },
  {
    ...aliceToBob,
    name: "utf8_8bit",
    subject: "8BITMIME",
    text: ["Ωμέγα, 한국어, العربية, עברית, ไทย, 🏤.\n.начало с точки\n"],
    eightBit: true,
  },
  {
    name: "smtputf8",
    subject: "Überraschung für 用户",
    from: [{ name: "Jürgen", address: "jürgen@bücher.example" }],
    to: [{ name: "用户", address: "用户@例子.广告" }, { name: "Ælfgifu", address: "ælf@example.com" }],
    text: ["The header is UTF-8 as it stands (RFC 6532).\n"],
    smtputf8: true,
  },
  {
    from: [alice],
    to: [
      { name: "Recipient Number 1", address: "recipient.1@example.net" },
      { name: "Recipient Number 2", address: "recipient.2@example.net" },
    ],
    recipients: 60,
    name: "folded",
    subject: Array.from({ length: 200 }, (_, index) => `word${index + 1}`).join(" "),
    text: [`and so is this line:\n${"y".repeat(998)}\n`],
    fields: { references: 1, "x-long": 1, to: 1, subject: 1 },
  },
  {
    ...aliceToBob,
    name: "received",
    subject: "Twelve hops",
    text: ["Twelve Received fields, newest first.\n"],
    fields: { received: 12, "x-twice": 2, "x-case": 2, "x-empty": 1, "return-path": 1, "delivered-to": 1 },
  },
  { ...aliceToBob, name: "empty_body", subject: "There is no body" },
  { ...aliceToBob, name: "headers_only", subject: "There is not even an empty line" },
  { name: "no_header", subject: undefined, from: [], to: [], text: ["There is no header at all.\n"] },
  {
    name: "report",
    subject: "Undelivered Mail Returned to Sender",
    from: [{ name: "Mail Delivery System", address: "MAILER-DAEMON@relay.example.net" }],
    to: [{ name: "", address: "alice@example.com" }],
    text: ["<nobody@example.org>: host mx.example.org said: 550 5.1.1 no such user", "Action: failed"],
    attachments: [{
      contentType: "text/rfc822-headers",
      size: 72,
      sha256: "be6eba668d478f45e59b5b1324145d323957aeed1cb1a0109accd9b8aa62fc12",
    }],
  },
  {
    name: "addresses",
    subject: "Groups, comments, quotes",
    from: [{ name: 'Quoted "Nick" Name', address: '"john doe"@example.com' }],
    to: [
      { name: "", address: "ann@example.net" },
      { name: "B. B.", address: "b.b@example.net" },
      { name: "", address: "carl@[192.0.2.1]" },
    ],
    text: ["Addresses of every kind.\n"],
  },
  {
    ...aliceToBob,
    name: "html_only",
    subject: "Only HTML",
    text: ["Only <HTML> & café"],
    html: ["<p>Only &lt;HTML&gt; &amp; caf&eacute;</p>"],
  },
  {
    ...aliceToBob,
    name: "bare_boundary",
    subject: "Text that looks like a boundary",
    text: ["--bb is no boundary, nor is\n --b with a blank before it."],
    attachments: [{
      // As it was sent: whoever writes it to a disk must not follow it.
      filename: "../../etc/passwd",
      contentType: "application/octet-stream",
      size: 6,
      sha256: "17e88db187afd62c16e5debf3e6527cd006bc012bc90b51a810cd80c2d511f43",
    }],
  },
];
