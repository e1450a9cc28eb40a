/**
 * SMTP in, a fetch handler out.
 *
 * `Postern` is a Hono app whose routes decide on mail. Serve it with `serve` of `postern/bun`, `postern/deno` or
 * `postern/node`, or try it without a socket with `postern/testing`.
 *
 * @module
 */

export type {
  AuthVariables,
  CommandVariables,
  DeliveryVariables,
  EnvelopeVariables,
  MailEnv,
  MessageVariables,
  RecipientVariables,
  SessionVariables,
  StageEnv,
  StageVariables,
} from "./app/context.ts";
export { type DeliveryStore, MemoryDeliveryStore } from "./app/deliveries.ts";
export { type ConnInfo, getConnInfo, stageOf } from "./app/asked.ts";
export { prependField, removeFields } from "./app/edits.ts";
export type { FetchFunction, MailHandler } from "./app/handler.ts";
export { MailHeaders } from "./app/headers.ts";
export { Mail } from "./app/mail.ts";
export type { AuthMechanism } from "./app/mechanisms.ts";
export type { PatternPath } from "./app/pattern.ts";
export { Postern, type StageHandler } from "./app/postern.ts";
export type { Prompt } from "./app/prompt.ts";
export { reply, SmtpError } from "./app/reply.ts";
export type { Stage } from "./app/stage.ts";
export { type AuthContext, cramMd5, external, password, scram, type ScramVerifierOptions } from "./app/verifiers.ts";
export { HttpListenError } from "./operations/http.ts";
export type { HttpOptions, TranscriptOption } from "./operations/options.ts";
export type { ListenerOptions, ServeOptions } from "./options.ts";
export type { DeliverBy } from "./protocol/deliverby.ts";
export type { Notify, NotifyOccasion, OriginalRecipient } from "./protocol/dsn.ts";
export type { Parameters } from "./protocol/parameters.ts";
export type { Mailbox } from "./protocol/path.ts";
export type {
  Credentials,
  DecoyOptions,
  ExternalCredentials,
  PasswordCredentials,
  ScramCredentials,
  ScramCredentialsOptions,
  ScramHash,
  TokenCredentials,
} from "./sasl/mod.ts";
export type { ChannelBindingType } from "./sasl/channel-binding.ts";
export { formatScramCredentials, parseScramCredentials, scramCredentials } from "./sasl/mod.ts";
export type { BoundAddress, Server } from "./server.ts";
export type { Envelope, EnvelopeDsn, Forwarded, Recipient, RecipientDsn, ValidSince } from "./session/envelope.ts";
export type { ExtensionName } from "./session/extensions.ts";
export type { ExtensionSwitches } from "./session/offer.ts";
export type { Limits, PartialSessionOptions, Timeouts } from "./session/options.ts";
export type { CramMd5Proof, ScramProof, ShownCredentials } from "./session/proof.ts";
export type { Protocol, Session } from "./session/session.ts";
export type { Endpoint, PeerCertificate, ProxyInfo, Socket, TlsInfo } from "./socket.ts";
export type { SpoolOptions } from "./spool/spool.ts";
export type { CertificateOptions, TlsOptions } from "./tls/options.ts";
export { type Watch, watchTls } from "./tls/watch.ts";
