import fc from "fast-check";
import { expect, test } from "bun:test";
import { external, type MechanismContext, mechanisms, mostResponseOctets, type Step } from "../../src/sasl/mod.ts";
import { bytes, expectStep } from "./exchange.ts";

const all = [...mechanisms().values()];
const context: MechanismContext = {
  externalIdentity: "CN=tim",
  channelBinding: () => new Uint8Array(32),
  allowAuthorizationId: true,
};

test("every mechanism is there under its registered name", () => {
  expect([...mechanisms()].every(([name, mechanism]) => name === mechanism.name)).toBe(true);
  expect([...mechanisms().keys()].sort()).toEqual([
    "CRAM-MD5",
    "EXTERNAL",
    "LOGIN",
    "OAUTHBEARER",
    "PLAIN",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS",
    "XOAUTH2",
  ]);
});

for (const mechanism of all) {
  test(`${mechanism.name} asks with a challenge where there was no initial response`, () => {
    const challenge = expectStep(mechanism.start(context), "challenge");
    const empty = mechanism.clientFirst && mechanism.name !== "LOGIN";
    expect(challenge.data.length === 0).toBe(empty);
  });

  test(`${mechanism.name} refuses a response that is too long, and takes the longest to be its own affair`, () => {
    const tooLong = new Uint8Array(mostResponseOctets + 1);
    const longest = new Uint8Array(mostResponseOctets);
    const challenge = expectStep(mechanism.start(context), "challenge");
    expect(challenge.respond(tooLong)).toMatchObject({ type: "failure", cause: "too-long" });
    expect(challenge.respond(longest)).not.toMatchObject({ cause: "too-long" });
    if (mechanism.clientFirst) expect(mechanism.start(context, tooLong)).toMatchObject({ cause: "too-long" });
  });

  test(`${mechanism.name} never throws, and never succeeds unasked, whatever bytes come`, () => {
    // Bytes that mechanisms give a meaning to come often, so that more than the first check is reached.
    const response = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.array(fc.constantFrom(..."\0\u0001,==n:yp a=r=c=m=2C3Dauth=Bearer user=\r\né\u00ad"), { maxLength: 40 })
        .map((characters) => bytes(characters.join(""))),
    );
    fc.assert(
      fc.property(fc.option(response, { nil: undefined }), fc.array(response, { maxLength: 4 }), (initial, answers) => {
        let step: Step = mechanism.start(context, initial);
        for (const answer of answers) {
          if (step.type === "challenge") step = step.respond(answer);
          if (step.type === "credentials") step = step.refuse();
          if (step.type === "lookup") step = step.resume(undefined);
        }
        expect(step.type).not.toBe("success");
      }),
      { numRuns: 300 },
    );
  });
}

test("EXTERNAL takes no authorization identity, an empty one being sent, to mean the client itself", () => {
  const step = expectStep(external.start({ externalIdentity: "CN=tim" }, new Uint8Array()), "credentials");
  expect(step.credentials).toEqual({
    type: "external",
    mechanism: "EXTERNAL",
    user: "CN=tim",
    authorizationId: undefined,
  });
  expect(step.accept("tim")).toEqual({ type: "success", user: "tim", authorizationId: undefined });
  expect(step.refuse()).toMatchObject({ type: "failure", cause: "rejected" });
});

test("EXTERNAL fails without a certificate, and with control characters in the authorization identity", () => {
  expect(external.start({}, bytes("tim"))).toMatchObject({ type: "failure", cause: "rejected" });
  expect(external.start({ externalIdentity: "" }, bytes("tim"))).toMatchObject({ type: "failure", cause: "rejected" });
  for (const name of ["t\0im", "tim\r\n"]) {
    expect(external.start({ externalIdentity: "CN=tim" }, bytes(name))).toMatchObject({ cause: "rejected" });
  }
});
