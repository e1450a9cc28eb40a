import type { Challenge, CredentialsStep, PasswordLookup, ScramLookup, Step } from "../../src/sasl/mod.ts";

/** The step, if it is of the type that the test means to see. */
export function expectStep(step: Step, type: "challenge"): Challenge;
export function expectStep(step: Step, type: "credentials"): CredentialsStep;
export function expectStep(step: Step, type: "lookup"): PasswordLookup | ScramLookup;
export function expectStep(step: Step, type: Step["type"]): Step {
  if (step.type !== type) throw new Error(`Expected the step ${type}, but it is ${JSON.stringify(step)}`);
  return step;
}

/** The step, if it asks for SCRAM credentials. */
export function expectScramLookup(step: Step): ScramLookup {
  const lookup = expectStep(step, "lookup");
  if (lookup.secret !== "scram") {
    throw new Error(`Expected a lookup of SCRAM credentials, but it is of a ${lookup.secret}`);
  }
  return lookup;
}

/** UTF-8. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What a challenge says. */
export function text(challenge: Challenge): string {
  return new TextDecoder().decode(challenge.data);
}
