/**
 * Cloudflare's own types describe what a worker gets under Postern: member by member, what they promise is there, and
 * what they let a worker pass is taken. The type check is the test: it fails where a release of theirs says otherwise.
 */

import { expect, test } from "bun:test";
import type {
  EmailExportedHandler,
  EmailMessage as TheirEmailMessage,
  EmailReplyMessageBuilder,
  ForwardableEmailMessage as Theirs,
} from "@cloudflare/workers-types";
import {
  EmailMessage,
  type EmailMessageLike,
  type EmailSendResult,
  type ReplyFields,
  type WorkerEmailMessage as Ours,
  type WorkerExecutionContext,
} from "postern/cloudflare";

type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : false : false;
function same<A, B>(..._: Same<A, B> extends true ? [] : [never]): void {}
function fits<_Given extends Wanted, Wanted>(): void {}

/** Both overloads of a function: `Parameters` and `ReturnType` see the last alone. */
type Overloads<F> = F extends { (...given: infer A): infer R; (...given: infer B): infer S } ? [A, R, B, S] : never;

test("all members are there; what methods take is compared loosely by that, and so once more below", () => {
  fits<Ours, Omit<Theirs, "raw">>();
  fits<Ours["headers"], Theirs["headers"]>();
});

test("raw is read as theirs is", () => {
  fits<keyof Theirs["raw"], keyof Ours["raw"]>();
  // Their readers with a buffer of their own have a method more, readAtLeast(), and all that streams are piped to.
  fits<Ours["raw"], Omit<Theirs["raw"], "getReader" | "pipeThrough" | "pipeTo" | "tee">>();
  type Reader = Overloads<Theirs["raw"]["getReader"]>[1];
  const reader = (raw: Ours["raw"]): Reader => raw.getReader();
  expect(reader(new Blob(["x"]).stream())).toHaveProperty("read");
  same<Awaited<ReturnType<Reader["read"]>>["value"], Uint8Array | undefined>();
  same<Awaited<ReturnType<Theirs["raw"]["pipeTo"]>>, Awaited<ReturnType<Ours["raw"]["pipeTo"]>>>();
});

test("forward() takes what theirs takes, and gives what theirs gives", () => {
  type Given = Parameters<Theirs["forward"]>;
  same<Given["length"], Parameters<Ours["forward"]>["length"]>();
  same<Given[0], Parameters<Ours["forward"]>[0]>();
  // Of the headers pairs are read, and nothing else.
  fits<NonNullable<Given[1]>, Iterable<[string, string]>>();
  same<Awaited<ReturnType<Theirs["forward"]>>, EmailSendResult>();
});

test("reply() takes both that theirs takes", () => {
  type Reply = Overloads<Theirs["reply"]>;
  same<[Reply[0], Reply[2]], [[TheirEmailMessage], [EmailReplyMessageBuilder]]>();
  fits<TheirEmailMessage | EmailReplyMessageBuilder, Parameters<Ours["reply"]>[0]>();
  fits<TheirEmailMessage, EmailMessageLike>();
  fits<EmailReplyMessageBuilder, ReplyFields>();
  same<keyof EmailReplyMessageBuilder, keyof ReplyFields>();
  same<[Awaited<Reply[1]>, Awaited<Reply[3]>], [EmailSendResult, EmailSendResult]>();
  fits<EmailMessage, TheirEmailMessage>();
  expect(new EmailMessage("a@x.test", "b@y.test", "")).toMatchObject({ from: "a@x.test", to: "b@y.test" });
});

test("setReject() and the handler are theirs", () => {
  same<Parameters<Theirs["setReject"]>, Parameters<Ours["setReject"]>>();
  type Called = Parameters<EmailExportedHandler>;
  same<Called["length"], 3>();
  same<Called[0], Theirs>();
  // Of the context there is what is not about other workers or HTTP.
  type Known = "waitUntil" | "passThroughOnException" | "props";
  fits<Pick<WorkerExecutionContext, Known>, Pick<Called[2], Known>>();
});
