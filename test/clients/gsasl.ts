/**
 * GNU SASL's client: only an authentication, but with every mechanism, SCRAM with channel binding among them.
 *
 * @module
 */

import { type Auth, inet, type Outcome, type SendOptions, type Target } from "./client.ts";
import { installed } from "./found.ts";
import { run } from "./run.ts";

/** Whether the program is there. */
export function available(): Promise<boolean> {
  return installed("gsasl");
}

/** Authenticates and quits. Status 0: the server said 235. `tls` may be `none` or `starttls`. */
export async function authenticate(
  target: Target,
  auth: Auth,
  options: Pick<SendOptions, "tls" | "ca" | "certificate" | "args" | "timeoutMs"> = {},
): Promise<Outcome> {
  const { host, port } = inet(target, "gsasl");
  const args = ["--smtp", `--connect=${host}:${port}`, "--hostname=localhost", "--service=smtp"];
  args.push(`--mechanism=${auth.mechanism}`, `--authentication-id=${auth.user}`, `--password=${auth.password}`);
  args.push("--authorization-id=", "--quality-of-protection=qop-auth", "--verbose");
  args.push(options.tls === "starttls" ? "--starttls" : "--no-starttls");
  // Over TLS 1.3 it has no tls-unique, and gives up on plain SCRAM unless it is told not to bind the channel.
  if (!auth.mechanism.endsWith("-PLUS")) args.push("--no-cb");
  // An empty name: the certificate is not verified.
  args.push(`--x509-ca-file=${options.ca ?? ""}`);
  if (options.certificate) {
    args.push(`--x509-cert-file=${options.certificate.cert}`, `--x509-key-file=${options.certificate.key}`);
  }
  const limit = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
  return await run("gsasl", [...args, ...(options.args ?? [])], limit);
}
