/** xtext (RFC 3461 section 4): printable ASCII in which `+` introduces two upper-case hexadecimal digits. */

const xtext = /^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})*$/;

/**
 * Decodes xtext into the text it stands for, its octets read as UTF-8.
 *
 * @returns undefined for malformed xtext, and for xtext that hides a control character (`+00`, `+0A`, `+C2+85`): what
 * it decodes to ends up in headers, logs and other protocols' lines.
 */
export function decodeXtext(value: string): string | undefined {
  if (!xtext.test(value)) return undefined;
  let text: string;
  try {
    text = decodeURIComponent(value.replace(/%/g, "%25").replace(/\+/g, "%"));
  } catch {
    return undefined;
  }
  return /[\x00-\x1f\x7f-\x9f]/.test(text) ? undefined : text;
}
