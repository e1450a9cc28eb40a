import { expect, test } from "bun:test";
import { formatScramCredentials, parseScramCredentials, scramCredentials } from "../../src/sasl/mod.ts";
import { stored } from "./scram-client.ts";

const salt = new Uint8Array(16).fill(7);
const saltBase64 = "BwcHBwcHBwcHBwcHBwcHBw==";

for (const hash of ["SHA-1", "SHA-256"] as const) {
  test(`${hash} credentials are what an independent computation gives, and survive their text form`, async () => {
    const credentials = await scramCredentials("pencil", { hash, iterations: 10_000, salt });
    const text = formatScramCredentials(credentials);
    expect(text).toBe(stored(hash, "pencil", saltBase64, 10_000));
    expect(parseScramCredentials(text)).toEqual(credentials);
  });
}

test("a salt is random unless given", async () => {
  const [first, second] = await Promise.all(
    [0, 1].map(() => scramCredentials("x", { hash: "SHA-256", iterations: 10_000 })),
  );
  expect(first?.salt.length).toBe(16);
  expect(first?.salt).not.toEqual(second?.salt as Uint8Array);
});

test("the password is prepared", async () => {
  const options = { hash: "SHA-256", iterations: 10_000, salt } as const;
  expect(await scramCredentials("I\u00adX", options)).toEqual(await scramCredentials("\u2168", options));
});

const refused: [name: string, password: string, options: { iterations?: number; salt?: Uint8Array }, error: RegExp][] =
  [
    ["too few iterations", "pencil", { iterations: 9_999 }, /with 9999 iterations: use a whole number from 10000/],
    ["a fraction of an iteration", "pencil", { iterations: 10_000.5 }, /with 10000.5 iterations/],
    ["more iterations than clients can read", "pencil", { iterations: 2 ** 31 }, /with 2147483648 iterations/],
    ["no number of iterations", "pencil", { iterations: NaN }, /with NaN iterations/],
    ["a short salt", "pencil", { iterations: 10_000, salt: new Uint8Array(7) }, /a salt of 7 bytes: use 8 or more/],
    ["an empty password", "", { iterations: 10_000 }, /the password is empty or holds/],
    ["a password with a control character", "hunter\x072", { iterations: 10_000 }, /^Cannot make(?!.*hunter)/],
    ["a password with an unassigned code point", "hunter\u0378", { iterations: 10_000 }, /^Cannot make(?!.*hunter)/],
  ];
for (const [name, password, options, error] of refused) {
  test(`${name}: refused with an error that says what to do`, async () => {
    await expect(scramCredentials(password, { hash: "SHA-256", ...options })).rejects.toThrow(error);
  });
}

const good = stored("SHA-256", "pencil", saltBase64, 4096);
const unreadable: [name: string, text: string][] = [
  ["no text", ""],
  ["another hash", good.replace("SHA-256", "SHA-512")],
  ["keys of another hash", good.replace("SHA-256", "SHA-1")],
  ["no iterations", good.replace("4096", "0")],
  ["iterations past 32 bits", good.replace("4096", "9999999999")],
  ["a key that is not base64", good.replace(/.{4}$/, "*bc=")],
  ["a key that is too short", good.replace(/.{4}$/, "")],
  ["something after it", `${good}$`],
  ["a line feed after it", `${good}\n`],
  ["MD5 as PostgreSQL stores it", "md5d1c4b0a7ea6ab9a7b8b6f0e0a4a4a4a4"],
];
for (const [name, text] of unreadable) {
  test(`text with ${name} is no credentials, and the error does not repeat it`, () => {
    let message = "";
    try {
      parseScramCredentials(text);
    } catch (error) {
      message = String(error);
    }
    expect(message).toStartWith("TypeError: Cannot read SCRAM credentials");
    expect(message).not.toContain(saltBase64);
  });
}
