/** What the tests take from the package. */

export * from "../../src/mod.ts";
export type { MailHandler } from "../../src/app/handler.ts";
