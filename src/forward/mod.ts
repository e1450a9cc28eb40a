/**
 * Mail to an HTTP function, signed, and from a forwarder into an app.
 *
 * @module
 */

export type { AdmissionOptions } from "../admission.ts";
export { type ForwardedEvent } from "./event.ts";
export { forward, type ForwardHandler } from "./forward.ts";
export { type Format, type FormatContext, type FormatName, formatNames, type RequestBody } from "./format.ts";
export type { ForwardOptions } from "./options.ts";
export { PrivateAddressError } from "./private.ts";
export { receive, type ReceiveHandler, type ReceiveOptions, type ReceiveVariables } from "./receive.ts";
