/** The examples that the mechanisms' own documents give, as data, so that every runtime can play them. */

import assert from "node:assert/strict";
import { type MechanismContext, mechanisms, parseScramCredentials, type Step } from "../../src/sasl/mod.ts";
import { stored } from "./scram-client.ts";

/** One exchange. Lines are base64, as on the wire. */
export interface RfcExample {
  readonly name: string;
  readonly mechanism: string;
  readonly context?: MechanismContext;
  readonly initialResponse?: string;
  /** What the server must say and what the client answers, in turn. */
  readonly talk: readonly { readonly server: string; readonly client: string }[];
  /** The application. */
  readonly decide?: (step: Step) => Step;
  readonly outcome: Partial<Record<string, string | undefined>>;
}

const bearer = "n,a=user@example.com,\u0001host=server.example.com\u0001port=587\u0001" +
  "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\u0001\u0001";

/** The application accepts, if the credentials are these. */
function acceptOnly(expected: object): (step: Step) => Step {
  return (step) => {
    assert(step.type === "credentials");
    assert.deepEqual({ ...step.credentials }, expected);
    return step.accept();
  };
}

/** The application has these SCRAM credentials for user. */
function scramUser(text: string): (step: Step) => Step {
  return (step) => {
    assert(step.type === "lookup" && step.secret === "scram");
    return step.resume(step.user === "user" ? parseScramCredentials(text) : undefined);
  };
}

export const RFC_EXAMPLES: readonly RfcExample[] = [
  {
    name: "RFC 4616 section 4, no authorization identity",
    mechanism: "PLAIN",
    talk: [{ server: "", client: btoa("\0tim\0tanstaaftanstaaf") }],
    decide: acceptOnly({
      type: "password",
      mechanism: "PLAIN",
      user: "tim",
      password: "tanstaaftanstaaf",
      authorizationId: undefined,
    }),
    outcome: { type: "success", user: "tim", authorizationId: undefined },
  },
  {
    name: "RFC 4616 section 4, Kurt acts as Ursel",
    mechanism: "PLAIN",
    context: { allowAuthorizationId: true },
    talk: [{ server: "", client: btoa("Ursel\0Kurt\0xipj3plmq") }],
    decide: acceptOnly({
      type: "password",
      mechanism: "PLAIN",
      user: "Kurt",
      password: "xipj3plmq",
      authorizationId: "Ursel",
    }),
    outcome: { type: "success", user: "Kurt", authorizationId: "Ursel" },
  },
  {
    name: "RFC 4954 section 4.3, the initial response of PLAIN",
    mechanism: "PLAIN",
    initialResponse: "dGVzdAB0ZXN0ADEyMzQ=",
    talk: [],
    decide: acceptOnly({
      type: "password",
      mechanism: "PLAIN",
      user: "test",
      password: "1234",
      authorizationId: undefined,
    }),
    outcome: { type: "success", user: "test", authorizationId: undefined },
  },
  {
    name: "RFC 2195 section 2",
    mechanism: "CRAM-MD5",
    context: { hostname: "postoffice.reston.mci.net", nonce: () => "1896.697170952" },
    talk: [{
      server: "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
      client: "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw",
    }],
    decide: (step) => {
      assert(step.type === "lookup" && step.secret === "password");
      return step.resume(step.user === "tim" ? "tanstaaftanstaaf" : undefined);
    },
    outcome: { type: "success", user: "tim", authorizationId: undefined },
  },
  {
    name: "RFC 5802 section 5",
    mechanism: "SCRAM-SHA-1",
    context: { nonce: () => "3rfcNHYJY1ZVvWVs7j" },
    initialResponse: btoa("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"),
    talk: [
      {
        server: btoa("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"),
        client: btoa("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="),
      },
      { server: btoa("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), client: "" },
    ],
    decide: scramUser(stored("SHA-1", "pencil", "QSXCR+Q6sek8bf92", 4096)),
    outcome: { type: "success", user: "user", authorizationId: undefined },
  },
  {
    name: "RFC 7677 section 3",
    mechanism: "SCRAM-SHA-256",
    context: { nonce: () => "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0" },
    initialResponse: btoa("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"),
    talk: [
      {
        server: btoa("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
        client: btoa(
          "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        ),
      },
      { server: btoa("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), client: "" },
    ],
    decide: scramUser(stored("SHA-256", "pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", 4096)),
    outcome: { type: "success", user: "user", authorizationId: undefined },
  },
  {
    name: "RFC 7628 section 4.1, over SMTP",
    mechanism: "OAUTHBEARER",
    initialResponse: btoa(bearer),
    talk: [],
    decide: acceptOnly({
      type: "token",
      mechanism: "OAUTHBEARER",
      token: "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
      user: "user@example.com",
      host: "server.example.com",
      port: 587,
    }),
    outcome: { type: "success", user: "user@example.com", authorizationId: undefined },
  },
  {
    name: "RFC 7628 section 4.3, a client that asks which token it needs",
    mechanism: "OAUTHBEARER",
    initialResponse: "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9AQE=",
    talk: [{
      server: "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxl" +
        "X3Njb3BlIiwib3BlbmlkLWNvbmZpZ3VyYXRpb24iOiJodHRwczovL2V4" +
        "YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1cmF0aW9uIn0=",
      client: "AQ==",
    }],
    outcome: { type: "failure", cause: "rejected" },
  },
  {
    name: "Google's description of XOAUTH2",
    mechanism: "XOAUTH2",
    initialResponse:
      "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1sem" +
      "RHRXVZMjl0Q2cBAQ==",
    talk: [],
    decide: acceptOnly({
      type: "token",
      mechanism: "XOAUTH2",
      token: "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
      user: "someuser@example.com",
      host: undefined,
      port: undefined,
    }),
    outcome: { type: "success", user: "someuser@example.com", authorizationId: undefined },
  },
  {
    name: "draft-murchison-sasl-login-00, with the prompts of section 2.2",
    mechanism: "LOGIN",
    talk: [
      { server: "VXNlcm5hbWU6", client: btoa("tim") },
      { server: "UGFzc3dvcmQ6", client: btoa("tanstaaftanstaaf") },
    ],
    decide: acceptOnly({
      type: "password",
      mechanism: "LOGIN",
      user: "tim",
      password: "tanstaaftanstaaf",
      authorizationId: undefined,
    }),
    outcome: { type: "success", user: "tim", authorizationId: undefined },
  },
  {
    name: "RFC 4422 appendix A.1.1, with an authorization identity",
    mechanism: "EXTERNAL",
    context: { externalIdentity: "CN=fred" },
    talk: [{ server: "", client: btoa("fred@example.com") }],
    decide: acceptOnly({
      type: "external",
      mechanism: "EXTERNAL",
      user: "CN=fred",
      authorizationId: "fred@example.com",
    }),
    outcome: { type: "success", user: "CN=fred", authorizationId: "fred@example.com" },
  },
];

const offered = mechanisms({
  bearerError: {
    scope: "example_scope",
    openidConfiguration: "https://example.com/.well-known/openid-configuration",
  },
});

/** Plays an example; throws if the server says anything but what its document has. */
export function play(example: RfcExample): void {
  const decode = (line: string) => Uint8Array.from(atob(line), (byte) => byte.charCodeAt(0));
  const { initialResponse: initial, decide } = example;
  const mechanism = offered.get(example.mechanism);
  assert(mechanism !== undefined);
  let step = mechanism.start(example.context ?? {}, initial === undefined ? undefined : decode(initial));
  const turns = [...example.talk];
  while (step.type !== "success" && step.type !== "failure") {
    if (step.type === "challenge") {
      const turn = turns.shift();
      assert.equal(btoa(String.fromCharCode(...step.data)), turn?.server);
      step = step.respond(decode(turn?.client ?? ""));
    } else {
      assert(decide !== undefined);
      step = decide(step);
    }
  }
  assert.deepEqual(turns, []);
  for (const [key, value] of Object.entries(example.outcome)) assert.equal(Reflect.get(step, key), value);
}
