import { createHmac } from "node:crypto";
import { expect, test } from "bun:test";
import { cramMd5, type Step } from "../../src/sasl/mod.ts";
import { bytes, expectStep, text } from "./exchange.ts";

function respond(user: string, password: string, resume: string | undefined): Step {
  const challenge = expectStep(cramMd5.start({ hostname: "mx.example.com" }), "challenge");
  const digest = createHmac("md5", password).update(challenge.data).digest("hex");
  const lookup = expectStep(challenge.respond(bytes(`${user} ${digest}`)), "lookup");
  if (lookup.secret !== "password") throw new Error("CRAM-MD5 asks for a password");
  return lookup.resume(resume);
}

test("CRAM-MD5 refuses an initial response, even an empty one", () => {
  for (const response of ["", "tim"]) {
    expect(cramMd5.start({}, bytes(response))).toMatchObject({ type: "failure", cause: "unexpected-initial-response" });
  }
  expect(cramMd5.clientFirst).toBe(false);
});

test("the challenge is a msg-id with the server's name, and never the same", () => {
  const [first, second] = [0, 1].map(() =>
    text(expectStep(cramMd5.start({ hostname: "mx.example.com" }), "challenge"))
  );
  expect(first).toMatch(/^<[0-9a-f]{36}@mx\.example\.com>$/);
  expect(first).not.toBe(second);
});

test("the right password is a success, with spaces in the user name too", () => {
  expect(respond("tim", "secret", "secret")).toEqual({ type: "success", user: "tim", authorizationId: undefined });
  expect(respond("tim o shenko", "secret", "secret")).toMatchObject({ type: "success", user: "tim o shenko" });
});

test("a wrong password, no user and an empty password in the store are failures", () => {
  expect(respond("tim", "wrong", "secret")).toMatchObject({ type: "failure", cause: "rejected" });
  expect(respond("tim", "", undefined)).toMatchObject({ type: "failure", cause: "rejected" });
  expect(respond("tim", "", "")).toMatchObject({ type: "failure", cause: "rejected" });
});

const malformed: [string, string][] = [
  ["empty", ""],
  ["no digest", "tim"],
  ["a digest alone", "b913a602c7eda7a495b4e6e7334d3890"],
  ["a short digest", "tim b913a602c7eda7a495b4e6e7334d389"],
  ["upper-case digits", "tim B913A602C7EDA7A495B4E6E7334D3890"],
  ["a space after the digest", "tim b913a602c7eda7a495b4e6e7334d3890 "],
  ["a line feed after the digest", "tim b913a602c7eda7a495b4e6e7334d3890\n"],
];
for (const [name, response] of malformed) {
  test(`a response with ${name} is malformed`, () => {
    expect(expectStep(cramMd5.start({}), "challenge").respond(bytes(response))).toMatchObject({ cause: "malformed" });
  });
}

test("control characters in the user name are a failure", () => {
  for (const user of ["t\0im", "tim\r\nx", ""]) {
    const step = expectStep(cramMd5.start({}), "challenge").respond(bytes(`${user} b913a602c7eda7a495b4e6e7334d3890`));
    expect(step).toMatchObject({ type: "failure", cause: "rejected" });
  }
});
