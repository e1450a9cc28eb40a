import { describe, expect, test } from "bun:test";
import { login, type MechanismContext, plain, type Step } from "../../src/sasl/mod.ts";
import { bytes, expectStep, text } from "./exchange.ts";

function failureCause(step: Step): string {
  return step.type === "failure" ? step.cause : step.type;
}

describe("PLAIN", () => {
  const cases: [name: string, message: string | Uint8Array, outcome: string][] = [
    ["no bytes at all (AUTH PLAIN =)", "", "malformed"],
    ["one NUL missing", "tim\0secret", "malformed"],
    ["one NUL too many, so a NUL in the password", "\0tim\0sec\0ret", "malformed"],
    ["a NUL in the user name", "\0ti\0m\0secret", "malformed"],
    ["malformed UTF-8", new Uint8Array([0, 0xc3, 0x28, 0, 0x61]), "malformed"],
    ["an unpaired surrogate in UTF-8", new Uint8Array([0, 0xed, 0xa0, 0x80, 0, 0x61]), "malformed"],
    ["an empty user name", "\0\0secret", "rejected"],
    ["an empty password", "\0tim\0", "rejected"],
    ["CR LF in the user name", "\0tim\r\nRCPT TO:<a@b>\0secret", "rejected"],
    ["a tab in the user name", "\0t\tim\0secret", "rejected"],
    ["DEL in the user name", "\0tim\x7f\0secret", "rejected"],
    ["a C1 control in the user name", "\0tim\u0085\0secret", "rejected"],
    ["a line separator in the user name", "\0tim\u2028\0secret", "rejected"],
    ["a right-to-left override in the user name", "\0tim\u202e\0secret", "rejected"],
    ["a user name of invisible characters", "\0\u00ad\u200d\0secret", "rejected"],
    ["a user name of 1021 letters", `\0${"a".repeat(1021)}\0secret`, "rejected"],
    ["CR LF in the authorization identity", "tim\r\n\0tim\0secret", "rejected"],
    ["CR LF in the password", "\0tim\0sec\r\nret", "rejected"],
    ["another's identity, which is not enabled", "root\0tim\0secret", "rejected"],
    ["a user name of 1020 letters", `\0${"a".repeat(1020)}\0secret`, "credentials"],
    ["the own identity spelt out", "tim\0tim\0secret", "credentials"],
    ["letters of other scripts", "\0użytkownik@例え.jp\0пароль", "credentials"],
  ];
  for (const [name, message, outcome] of cases) {
    test(`${name}: ${outcome}`, () => {
      const sent = typeof message === "string" ? bytes(message) : message;
      expect(failureCause(plain.start({}, sent))).toBe(outcome);
      expect(failureCause(expectStep(plain.start({}), "challenge").respond(sent))).toBe(outcome);
    });
  }

  test("the user name is prepared and the password is left as it was sent", () => {
    const { credentials } = expectStep(plain.start({}, bytes("\0I\u00adX\u00aa\0p\u00b2 \u00a0")), "credentials");
    expect(credentials).toEqual({
      type: "password",
      mechanism: "PLAIN",
      user: "IXa",
      password: "p\u00b2 \u00a0",
      authorizationId: undefined,
    });
  });

  test("no reason for the log holds anything that the client sent", () => {
    const context: MechanismContext = {};
    for (
      const message of ["hunter2", "\0\0hunter2", "hunter2\0tim\0hunter2", "\0hunter2\x07\0hunter2", "\0tim\0hunter2\n"]
    ) {
      expect(JSON.stringify(plain.start(context, bytes(message)))).not.toContain("hunter2");
    }
    expect(JSON.stringify(expectStep(plain.start({}, bytes("\0tim\0hunter2")), "credentials").refuse())).not.toContain(
      "hunter2",
    );
  });

  test("the application may say whose credentials they are, and may refuse them", () => {
    const step = expectStep(plain.start({}, bytes("\0tim\0secret")), "credentials");
    expect(step.accept("tim@example.com")).toEqual({
      type: "success",
      user: "tim@example.com",
      authorizationId: undefined,
    });
    expect(failureCause(step.refuse())).toBe("rejected");
  });
});

describe("LOGIN", () => {
  test("takes the initial response as the user name", () => {
    const password = expectStep(login.start({}, bytes("tim")), "challenge");
    expect(text(password)).toBe("Password:");
    expect(expectStep(password.respond(bytes("secret")), "credentials").credentials).toMatchObject({
      user: "tim",
      password: "secret",
    });
  });

  const cases: [name: string, user: string | Uint8Array, password: string | Uint8Array | undefined, cause: string][] = [
    ["an empty user name, before it asks for a password", "", undefined, "rejected"],
    ["a NUL in the user name", "a\0b", undefined, "rejected"],
    ["CR LF in the user name", "a\r\nb", undefined, "rejected"],
    ["a user name that is not UTF-8", new Uint8Array([0xff]), undefined, "malformed"],
    ["an empty password", "tim", "", "rejected"],
    ["a NUL in the password", "tim", "a\0b", "rejected"],
    ["a password that is not UTF-8", "tim", new Uint8Array([0xff]), "malformed"],
  ];
  for (const [name, user, password, cause] of cases) {
    test(`refuses ${name}`, () => {
      let step = login.start({}, typeof user === "string" ? bytes(user) : user);
      if (password !== undefined) {
        step = expectStep(step, "challenge").respond(typeof password === "string" ? bytes(password) : password);
      }
      expect(failureCause(step)).toBe(cause);
    });
  }
});
