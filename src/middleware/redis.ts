/** A Redis client of the user's own, whichever it is. */

import { after } from "../timer.ts";

/** An `ioredis` client. */
export interface IoRedis {
  /** Sends a command: its name, then each argument on its own. Gives the server's answer, or rejects with its error. */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** Its presence tells ioredis from node-redis; it is not called. */
  defineCommand(name: string, definition: object): void;
}

/** A client of `redis` (node-redis), from version 4 on; it must be connected. */
export interface NodeRedis {
  /** Sends a command: its name and arguments in one list. Gives the server's answer, or rejects with its error. */
  sendCommand(args: string[]): Promise<unknown>;
}

/** What can be given as `redis`. The client stays the user's: nobody here connects or closes it. */
export type RedisClient = IoRedis | NodeRedis;

/** Whether it is ioredis: both have `sendCommand`, with different arguments. */
export function isIoRedis(client: RedisClient): client is IoRedis {
  return typeof Reflect.get(client, "defineCommand") === "function";
}

/** The server's answer to a command. Rejects when there is no answer in time: a client without a connection may wait for ever. */
export function sendCommand(client: RedisClient, args: [string, ...string[]], timeout: number): Promise<unknown> {
  return answered(isIoRedis(client) ? client.call(...args) : client.sendCommand(args), timeout);
}

/** The promise's outcome, or a rejection after `timeout` milliseconds. */
export function answered<T>(work: Promise<T>, timeout: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const takeBack = after(timeout, () => reject(new Error(`Redis did not answer within ${timeout} ms`)));
    work.then(resolve, reject).finally(takeBack);
  });
}
