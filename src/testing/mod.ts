/**
 * Mail through an app with the real protocol engine and no socket.
 *
 * @module
 */

export { TestClient, type TestOptions } from "./client.ts";
export { dialogue, type DialogueClient, hold } from "./dialogue.ts";
export type { ClientReply } from "./reply.ts";
export { send, type SendResult, type TestMail } from "./send.ts";
