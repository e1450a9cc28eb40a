import { describe, expect, test } from "bun:test";
import { oauthBearer, type Step, xoauth2 } from "../../src/sasl/mod.ts";
import { bytes, expectStep, text } from "./exchange.ts";

function outcome(step: Step): string {
  return step.type === "failure" ? step.cause : step.type;
}

describe("OAUTHBEARER", () => {
  const mechanism = oauthBearer({ scope: "mail" });
  const cases: [name: string, message: string, outcome: string][] = [
    ["no user name", "n,,^auth=Bearer abc^^", "credentials"],
    ["the flag y", "y,,^auth=bEaReR abc^^", "credentials"],
    ["unknown pairs, which are ignored", "n,,^qs=x y^auth=Bearer abc^mthd=POST^^", "credentials"],
    ["an empty token, which asks for what is needed", "n,,^auth=^^", "challenge"],
    ["a channel binding", "p=tls-exporter,,^auth=Bearer abc^^", "rejected"],
    ["CR LF in the user name", "n,a=a\r\nb,^auth=Bearer abc^^", "rejected"],
    ["the closing message of a failed exchange", "^", "malformed"],
    ["no bytes", "", "malformed"],
    ["no GS2 header", "auth=Bearer abc^^", "malformed"],
    ["user= for a=, as in the slip of RFC 7628 section 4.4", "n,user=a@b,^auth=Bearer abc^^", "malformed"],
    ["something between the header and the pairs", "n,,x^auth=Bearer abc^^", "malformed"],
    ["another character for the first %x01", "n,,xauth=Bearer abc^^", "malformed"],
    ["no pair", "n,,^^", "malformed"],
    ["only one %x01 at the end", "n,,^auth=Bearer abc^", "malformed"],
    ["something after the end", "n,,^auth=Bearer abc^^x", "malformed"],
    ["auth twice", "n,,^auth=Bearer abc^auth=Bearer def^^", "malformed"],
    ["another scheme", "n,,^auth=Basic abc^^", "malformed"],
    ["CR LF in the token", "n,,^auth=Bearer a\r\nb^^", "malformed"],
    ["an unescaped comma in the user name", "n,a=a,b,^auth=Bearer abc^^", "malformed"],
    ["an unknown escape in the user name", "n,a=a=2Db,^auth=Bearer abc^^", "malformed"],
    ["a port of 0", "n,,^port=0^auth=Bearer abc^^", "malformed"],
    ["a port of 65536", "n,,^port=65536^auth=Bearer abc^^", "malformed"],
    ["a host with CR LF", "n,,^host=a\r\nb^auth=Bearer abc^^", "malformed"],
  ];
  for (const [name, message, expected] of cases) {
    test(`${name}: ${expected}`, () => {
      expect(outcome(mechanism.start({}, bytes(message.replaceAll("^", "\u0001"))))).toBe(expected);
    });
  }

  test("the user name's escapes are undone", () => {
    const { credentials } = expectStep(
      mechanism.start({}, bytes("n,a=a=2Cb=3D2C,\u0001auth=Bearer abc\u0001\u0001")),
      "credentials",
    );
    expect(credentials).toMatchObject({ user: "a,b=2C" });
  });

  test("a refusal goes by way of an error challenge, whatever the client answers to it", () => {
    const step = expectStep(mechanism.start({}, bytes("n,,\u0001auth=Bearer abc\u0001\u0001")), "credentials");
    const error = expectStep(step.refuse({ status: "insufficient_scope", scope: "submit" }), "challenge");
    expect(text(error)).toBe('{"status":"insufficient_scope","scope":"submit"}');
    for (const dummy of ["\u0001", "", "n,,\u0001auth=Bearer abc\u0001\u0001"]) {
      expect(error.respond(bytes(dummy))).toMatchObject({ type: "failure", cause: "rejected" });
    }
    expect(text(expectStep(step.refuse(), "challenge"))).toBe('{"status":"invalid_token","scope":"mail"}');
  });

  test("a token that nobody says whose it is does not authenticate", () => {
    const step = expectStep(mechanism.start({}, bytes("n,,\u0001auth=Bearer abc\u0001\u0001")), "credentials");
    expect(expectStep(step.accept(), "challenge").respond(bytes("\u0001"))).toMatchObject({ type: "failure" });
    expect(expectStep(step.accept(""), "challenge").respond(bytes("\u0001"))).toMatchObject({ type: "failure" });
    expect(step.accept("tim")).toEqual({ type: "success", user: "tim", authorizationId: undefined });
  });
});

describe("XOAUTH2", () => {
  const mechanism = xoauth2({ scope: "https://mail.example.com/" });
  const cases: [name: string, message: string, outcome: string][] = [
    ["a token", "user=a@b^auth=Bearer abc^^", "credentials"],
    ["no user", "auth=Bearer abc^^", "malformed"],
    ["an empty user", "user=^auth=Bearer abc^^", "rejected"],
    ["CR LF in the user", "user=a\r\nb^auth=Bearer abc^^", "rejected"],
    ["an empty token", "user=a@b^auth=Bearer ^^", "malformed"],
    ["only one %x01 at the end", "user=a@b^auth=Bearer abc^", "malformed"],
    ["no bytes", "", "malformed"],
  ];
  for (const [name, message, expected] of cases) {
    test(`${name}: ${expected}`, () => {
      expect(outcome(mechanism.start({}, bytes(message.replaceAll("^", "\u0001"))))).toBe(expected);
    });
  }

  test("a refusal goes by way of an error challenge", () => {
    const step = expectStep(mechanism.start({}, bytes("user=a@b\u0001auth=Bearer abc\u0001\u0001")), "credentials");
    const error = expectStep(step.refuse(), "challenge");
    expect(text(error)).toBe('{"status":"401","schemes":"bearer","scope":"https://mail.example.com/"}');
    expect(error.respond(new Uint8Array())).toMatchObject({ type: "failure", cause: "rejected" });
  });
});
