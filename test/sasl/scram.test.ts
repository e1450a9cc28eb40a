import { describe, expect, test } from "bun:test";
import { type MechanismContext, parseScramCredentials, scram, type ScramHash, type Step } from "../../src/sasl/mod.ts";
import { bytes, expectScramLookup, expectStep, text } from "./exchange.ts";
import { answer, type ScramClient, stored } from "./scram-client.ts";

const SALT = "BwcHBwcHBwcHBwcHBwcHBw==";
const exporter = new Uint8Array(32).fill(1);
const endPoint = new Uint8Array(32).fill(2);
const bound: MechanismContext = { channelBinding: (type) => type === "tls-exporter" ? exporter : endPoint };

interface Run {
  readonly hash?: ScramHash;
  readonly plus?: boolean;
  readonly context?: MechanismContext;
  readonly client?: Partial<ScramClient>;
  readonly known?: boolean;
  readonly changeFinal?: (final: string) => string;
}

/** Plays an exchange up to the server's judgement of the proof. */
function run(options: Run): { step: Step; verifier: string } {
  const { hash = "SHA-256", plus = false, context = {}, known = true, changeFinal = (final) => final } = options;
  const client: ScramClient = {
    hash: hash === "SHA-1" ? "sha1" : "sha256",
    password: "pencil",
    gs2Header: "n,,",
    firstBare: "n=user,r=abc",
    ...options.client,
  };
  const decoy = { iterations: 64 };
  const first = scram({ hash, plus, decoy }).start(context, bytes(client.gs2Header + client.firstBare));
  if (first.type === "failure") return { step: first, verifier: "" };
  const credentials = known ? parseScramCredentials(stored(hash, "pencil", SALT, 64)) : undefined;
  const challenge = expectStep(expectScramLookup(first).resume(credentials), "challenge");
  const { final, verifier } = answer(client, text(challenge));
  return { step: challenge.respond(bytes(changeFinal(final))), verifier };
}

function outcome(step: Step): string {
  return step.type === "failure" ? step.cause : step.type;
}

describe.each(["SHA-1", "SHA-256"] as const)("SCRAM-%s", (hash) => {
  test("the right password is a success, after the client has seen the server's proof", () => {
    const { step, verifier } = run({ hash });
    const last = expectStep(step, "challenge");
    expect(text(last)).toBe(verifier);
    expect(last.respond(new Uint8Array())).toEqual({ type: "success", user: "user", authorizationId: undefined });
    expect(outcome(last.respond(bytes("x")))).toBe("malformed");
  });

  test("a proof over another nonce than the server's is a failure", () => {
    expect(outcome(run({ hash, client: { nonce: "abc" } }).step)).toBe("rejected");
    expect(outcome(run({ hash, client: { nonce: "abcReplayed" } }).step)).toBe("rejected");
  });

  test("a wrong password and an unknown user are failures, and look the same", () => {
    expect(outcome(run({ hash, client: { password: "pen" } }).step)).toBe("rejected");
    expect(outcome(run({ hash, known: false }).step)).toBe("rejected");
  });

  test.each(["tls-exporter", "tls-server-end-point"])("-PLUS binds to %s", (type) => {
    const gs2Header = `p=${type},,`;
    const bindingData = type === "tls-exporter" ? exporter : endPoint;
    expect(outcome(run({ hash, plus: true, context: bound, client: { gs2Header, bindingData } }).step)).toBe(
      "challenge",
    );
    const wrong = new Uint8Array(32).fill(3);
    expect(outcome(run({ hash, plus: true, context: bound, client: { gs2Header, bindingData: wrong } }).step)).toBe(
      "rejected",
    );
    expect(outcome(run({ hash, plus: true, context: bound, client: { gs2Header } }).step)).toBe("rejected");
  });
});

describe("channel binding", () => {
  const cases: [name: string, options: Run, outcome: string][] = [
    ["y where PLUS was offered is a downgrade", { context: bound, client: { gs2Header: "y,," } }, "rejected"],
    ["y where PLUS was not offered is fine", { client: { gs2Header: "y,," } }, "challenge"],
    ["n where PLUS was offered is a client that cannot", { context: bound }, "challenge"],
    [
      "p without PLUS",
      { context: bound, client: { gs2Header: "p=tls-exporter,,", bindingData: exporter } },
      "rejected",
    ],
    ["p without PLUS, and nothing bound", { context: bound, client: { gs2Header: "p=tls-exporter,," } }, "rejected"],
    ["n with PLUS", { plus: true, context: bound }, "rejected"],
    ["y with PLUS", { plus: true, context: bound, client: { gs2Header: "y,," } }, "rejected"],
    [
      "a type that is not supported",
      { plus: true, context: bound, client: { gs2Header: "p=tls-unique,,", bindingData: endPoint } },
      "rejected",
    ],
    [
      "a type by the name of a property",
      { plus: true, context: bound, client: { gs2Header: "p=constructor,,", bindingData: endPoint } },
      "rejected",
    ],
    ["PLUS with no data to bind to", { plus: true, client: { gs2Header: "p=tls-exporter,," } }, "rejected"],
    [
      "PLUS with data of no bytes",
      { plus: true, context: { channelBinding: () => new Uint8Array() }, client: { gs2Header: "p=tls-exporter,," } },
      "rejected",
    ],
    [
      "the header in c= is another than the one in the first message",
      { changeFinal: (final) => final.replace("c=biws", `c=${btoa("y,,")}`) },
      "rejected",
    ],
    [
      "an identity added in c=",
      {
        context: { allowAuthorizationId: true },
        changeFinal: (final) => final.replace("c=biws", `c=${btoa("n,a=root,")}`),
      },
      "rejected",
    ],
    [
      "data bound although the flag is n",
      { changeFinal: (final) => final.replace("c=biws", `c=${btoa("n,,x")}`) },
      "rejected",
    ],
  ];
  for (const [name, options, expected] of cases) {
    test(`${name}: ${expected}`, () => expect(outcome(run(options).step)).toBe(expected));
  }
});

describe("the first message", () => {
  const cases: [message: string, outcome: string][] = [
    ["n,,n=user,r=abc", "lookup"],
    ["n,,n=user,r=abc,x=unknown,y=a=b", "lookup"],
    ["n,a=user,n=user,r=abc", "lookup"],
    ["n,a=root,n=user,r=abc", "rejected"],
    // GNU SASL, told to act as nobody in particular.
    ["n,a=,n=user,r=abc", "lookup"],
    ["n,a==2c,n=user,r=abc", "malformed"],
    ["n,,m=ext,n=user,r=abc", "malformed"],
    ["n,,n=user,r=abc,m=ext", "malformed"],
    ["n,,n=user,r=abc,r=abc", "malformed"],
    ["n,,n=user,r=abc,", "malformed"],
    ["n,,n=user,r=abc,x", "malformed"],
    ["n,,n=us=2Der,r=abc", "malformed"],
    ["n,,n=us=2cer,r=abc", "malformed"],
    ["n,,n=us=,r=abc", "malformed"],
    ["n,,n=,r=abc", "malformed"],
    ["n,,r=abc,n=user", "malformed"],
    ["n,,n=user,r=", "malformed"],
    ["n,,n=user,r=a b", "malformed"],
    ["n,,n=user,r=aé", "malformed"],
    ["n,,n=user", "malformed"],
    ["x,,n=user,r=abc", "malformed"],
    ["\ufeffn,,n=user,r=abc", "malformed"],
    ["n,n=user,r=abc", "malformed"],
    ["p,,n=user,r=abc", "malformed"],
    ["F,n,,n=user,r=abc", "malformed"],
    ["n,,n=us\0er,r=abc", "malformed"],
    ["n,,n=us\r\ner,r=abc", "rejected"],
    ["n,,n=\u00ad,r=abc", "rejected"],
    ["", "malformed"],
  ];
  for (const [message, expected] of cases) {
    test(`${JSON.stringify(message)}: ${expected}`, () => {
      expect(outcome(scram({ hash: "SHA-256" }).start({}, bytes(message)))).toBe(expected);
    });
  }

  test("malformed UTF-8 is malformed", () => {
    const message = new Uint8Array([...bytes("n,,n="), 0xff, ...bytes(",r=abc")]);
    expect(outcome(scram({ hash: "SHA-256" }).start({}, message))).toBe("malformed");
  });

  test("the user name's escapes are undone, it is prepared, and the proof is over what was sent", () => {
    const lookup = expectScramLookup(scram({ hash: "SHA-256" }).start({}, bytes("n,,n=a=2Cb=3D2C\u00ad,r=abc")));
    expect(lookup.user).toBe("a,b=2C");
    expect(outcome(run({ client: { firstBare: "n=a=2Cb=3D2C\u00ad,r=abc,x=y" } }).step)).toBe("challenge");
  });

  test("another identity is passed on where that is enabled", () => {
    const context = { allowAuthorizationId: true };
    const last = expectStep(run({ context, client: { gs2Header: "n,a=ro=2Cot," } }).step, "challenge");
    expect(last.respond(new Uint8Array())).toEqual({ type: "success", user: "user", authorizationId: "ro,ot" });
  });
});

describe("the final message", () => {
  const proofOf = (final: string) => final.slice(final.lastIndexOf(",p=") + 3);
  const cases: [name: string, change: (final: string) => string, outcome: string][] = [
    ["the nonce with a character more", (final) => final.replace(",p=", "x,p="), "rejected"],
    ["the nonce with a character less", (final) => final.replace(/.,p=/, ",p="), "rejected"],
    ["the client's nonce alone", (final) => final.replace(/r=abc[^,]+/, "r=abc"), "rejected"],
    ["another client's nonce", (final) => final.replace("r=abc", "r=xyz"), "rejected"],
    ["an extension that the proof is not over", (final) => final.replace(",p=", ",x=y,p="), "rejected"],
    ["a mandatory extension", (final) => final.replace(",p=", ",m=y,p="), "malformed"],
    ["a proof of zeros", (final) => final.replace(proofOf(final), btoa("\0".repeat(32))), "rejected"],
    ["an empty proof", (final) => final.replace(proofOf(final), ""), "malformed"],
    ["a proof of another hash's length", (final) => final.replace(proofOf(final), btoa("\0".repeat(20))), "rejected"],
    ["a longer proof", (final) => final.replace(proofOf(final), btoa(atob(proofOf(final)) + "\0")), "rejected"],
    ["a proof that is not base64", (final) => final.replace(/.$/, "*"), "malformed"],
    ["two proofs", (final) => `${final},p=${proofOf(final)}`, "malformed"],
    ["no proof", (final) => final.replace(/,p=.*/, ""), "malformed"],
    ["something after the proof", (final) => `${final},x=y`, "malformed"],
    ["a line feed after the proof", (final) => `${final}\n`, "malformed"],
    ["no channel binding", (final) => final.replace("c=biws,", ""), "malformed"],
    ["channel binding that is not base64", (final) => final.replace("c=biws", "c=biw"), "malformed"],
    ["no bytes", () => "", "malformed"],
  ];
  for (const [name, changeFinal, expected] of cases) {
    test(`${name}: ${expected}`, () => expect(outcome(run({ changeFinal }).step)).toBe(expected));
  }
});

describe("a user that does not exist", () => {
  const secret = new Uint8Array(32).fill(9);
  const mechanism = scram({ hash: "SHA-256", decoy: { secret, iterations: 4096, saltLength: 12 } });
  const serverFirst = (user: string, found = undefined as string | undefined) => {
    const lookup = expectScramLookup(mechanism.start({ nonce: () => "N" }, bytes(`n,,n=${user},r=abc`)));
    return text(expectStep(lookup.resume(found === undefined ? undefined : parseScramCredentials(found)), "challenge"));
  };

  test("is shown the same salt every time, another than others are", () => {
    expect(serverFirst("nobody")).toMatch(/^r=abcN,s=[A-Za-z0-9+/]{16},i=4096$/);
    expect(serverFirst("nobody")).toBe(serverFirst("nobody"));
    expect(serverFirst("nobody")).not.toBe(serverFirst("noone"));
    expect(serverFirst("nobody")).toBe(serverFirst("no\u00adbody"));
  });

  test("so is a user with credentials of another hash, who could not be told apart", () => {
    expect(serverFirst("nobody", stored("SHA-1", "pencil", SALT, 64))).toBe(serverFirst("nobody"));
  });
});

test("the server's part of the nonce is random", () => {
  const nonces = [0, 1].map(() => {
    const lookup = expectScramLookup(scram({ hash: "SHA-256" }).start({}, bytes("n,,n=user,r=abc")));
    return /^r=abc([^,]+),/.exec(text(expectStep(lookup.resume(undefined), "challenge")))?.[1];
  });
  expect(nonces[0]).toMatch(/^[A-Za-z0-9+/]{24}$/);
  expect(nonces[0]).not.toBe(nonces[1]);
});
