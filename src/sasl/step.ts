import type { Challenge, Failure, FailureCause, Mechanism, MechanismContext, Step } from "./mechanism.ts";

/** The most bytes that one client response may have, once decoded. RFC 4954 section 4 names the number. */
export const mostResponseOctets: number = 12_288;

const encoder = new TextEncoder();

/** Sends `data`, and hands the client's response to `receive` unless it is too long. */
export function challenge(data: string, receive: (response: Uint8Array) => Step): Challenge {
  return { type: "challenge", data: encoder.encode(data), respond: (response) => bounded(response, receive) };
}

/** Ends the exchange. `reason` is for the log: no secret, and nothing that the client sent. */
export function failure(cause: FailureCause, reason: string): Failure {
  return { type: "failure", cause, reason };
}

/** A mechanism in which the client speaks first: without an initial response, it is asked by an empty challenge. */
export function clientFirst(
  name: string,
  receive: (context: MechanismContext, response: Uint8Array) => Step,
): Mechanism {
  return {
    name,
    clientFirst: true,
    start(context, initialResponse) {
      const begin = (response: Uint8Array): Step => receive(context, response);
      return initialResponse === undefined ? challenge("", begin) : bounded(initialResponse, begin);
    },
  };
}

/** Goes on with a response that is not too long. */
export function bounded(response: Uint8Array, receive: (response: Uint8Array) => Step): Step {
  if (response.length <= mostResponseOctets) return receive(response);
  return failure("too-long", `A response of ${response.length} bytes; the limit is ${mostResponseOctets}.`);
}
