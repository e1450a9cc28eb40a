/** RFC 3454 table C.1.2, which RFC 4013 section 2.1 maps to SPACE. It has U+200B too, so it goes before table B.1. */
const nonAsciiSpace = /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/gu;

/** RFC 3454 table B.1, "commonly mapped to nothing", without U+200B. */
const mappedToNothing = new RegExp(
  "[\\u00AD\\u034F\\u1806\\u180B-\\u180D\\u200C\\u200D\\u2060\\uFE00-\\uFE0F\\uFEFF]",
  "gu",
);

/** RFC 4013 section 2.3: RFC 3454 tables C.1.2 and C.2.1 to C.9, in this order. */
const prohibited = new RegExp(
  "[" +
    "\\u00A0\\u1680\\u2000-\\u200B\\u202F\\u205F\\u3000" + // C.1.2 non-ASCII spaces
    "\\p{Cc}\\u06DD\\u070F\\u180E\\u200C\\u200D\\u2028\\u2029\\u2060-\\u2063\\u206A-\\u206F" + // C.2 controls
    "\\uFEFF\\uFFF9-\\uFFFC\\u{1D173}-\\u{1D17A}" +
    "\\p{Co}\\p{Noncharacter_Code_Point}\\p{Cs}" + // C.3, C.4, C.5
    "\\uFFF9-\\uFFFD\\u2FF0-\\u2FFB" + // C.6, C.7
    "\\u0340\\u0341\\u200E\\u200F\\u202A-\\u202E" + // C.8
    "\\u{E0001}\\u{E0020}-\\u{E007F}" + // C.9
    "]",
  "u",
);

/** RFC 3454 table D.1, characters of right-to-left scripts. */
const rightToLeft = "\\u05BE\\u05C0\\u05C3\\u05D0-\\u05EA\\u05F0-\\u05F4\\u061B\\u061F\\u0621-\\u063A\\u0640-\\u064A" +
  "\\u066D-\\u066F\\u0671-\\u06D5\\u06DD\\u06E5\\u06E6\\u06FA-\\u06FE\\u0700-\\u070D\\u0710\\u0712-\\u072C\\u0780-\\u07A5" +
  "\\u07B1\\u200F\\uFB1D\\uFB1F-\\uFB28\\uFB2A-\\uFB36\\uFB38-\\uFB3C\\uFB3E\\uFB40\\uFB41\\uFB43\\uFB44\\uFB46-\\uFBB1" +
  "\\uFBD3-\\uFD3D\\uFD50-\\uFD8F\\uFD92-\\uFDC7\\uFDF0-\\uFDFC\\uFE70-\\uFE74\\uFE76-\\uFEFC";
const hasRightToLeft = new RegExp(`[${rightToLeft}]`, "u");
const withinRightToLeft = new RegExp(`^[${rightToLeft}](?:.*[${rightToLeft}])?$`, "su");

/** Letters, which stand for table D.2, outside the blocks of right-to-left scripts. */
const hasLeftToRight = new RegExp(
  "(?![\\u0590-\\u08FF\\uFB1D-\\uFDFF\\uFE70-\\uFEFC\\u{10800}-\\u{10FFF}\\u{1E800}-\\u{1EFFF}])[\\p{L}\\p{Mc}\\p{Nl}]",
  "u",
);

/**
 * Prepares a user name or password for comparison by SASLprep (RFC 4013): Unicode's many spaces become one, invisible
 * characters go, compatibility forms are folded (NFKC). Gives `undefined` if the text holds what is prohibited:
 * control characters, private use and unpaired surrogates, the invisible means to change direction, or a
 * mixture of right-to-left and left-to-right letters. The result may be empty, which callers have to refuse.
 *
 * Two liberties, both because JavaScript knows the Unicode of its runtime, and the RFC the Unicode 3.2 of 2002.
 * NFKC and "unassigned" are the runtime's. And "left-to-right character" (table D.2) means a letter here: beside
 * right-to-left letters, some symbols of that table are let through, and 17 modifier letters and the like, which it
 * does not have, are refused. Anything else follows the tables.
 *
 * @param options.stored Also refuse unassigned code points, as RFC 4013 section 2.5 wants for what is to be stored.
 *
 * ```ts
 * saslprep("I\u00ADX"); // "IX"
 * saslprep("\u0007"); // undefined
 * ```
 */
export function saslprep(text: string, options?: { readonly stored?: boolean }): string | undefined {
  const prepared = text.replace(nonAsciiSpace, " ").replace(mappedToNothing, "").normalize("NFKC");
  if (prohibited.test(prepared)) return undefined;
  if (options?.stored === true && /\p{Cn}/u.test(prepared)) return undefined;
  // RFC 3454 section 6.
  if (hasRightToLeft.test(prepared)) {
    if (hasLeftToRight.test(prepared) || !withinRightToLeft.test(prepared)) return undefined;
  }
  return prepared;
}
