/** File descriptors: each connection needs one, and a runtime that has none left may spin, or say nothing to anybody. */

import { readdirSync, readFileSync } from "node:fs";
import { mayRead } from "./permission.ts";
import { lingerTime } from "./socket.ts";

/** Kept for what the runtime and the application open. */
const reserve = 16;

/** How many connections the process has room for, whatever the options say. */
export class FileRoom {
  /** How many files it may have open; Infinity where nobody says. */
  readonly limit: number;
  /** How many connections may be served at a time. The rest is for messages in files, and for those that linger. */
  readonly connections: number;
  /** How many may be told in one lingering time why they are not served, before the others are dropped. */
  readonly #mostLingering: number;
  #lingering = 0;
  #since = 0;

  constructor(limit: number, open: number) {
    const room = Math.max(1, limit - open - reserve);
    this.limit = limit;
    this.connections = Math.ceil(room * 3 / 4);
    this.#mostLingering = Math.ceil(room / 16);
  }

  /** As this process stands. Linux tells; Deno must be allowed to read it. */
  static ofProcess(): FileRoom {
    try {
      if (!mayRead("/proc")) return new FileRoom(Infinity, 0);
      const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
      return new FileRoom(Number(limit ?? Infinity), readdirSync("/proc/self/fd").length);
    } catch {
      return new FileRoom(Infinity, 0);
    }
  }

  /** Whether one more connection may linger after its last reply. */
  mayLinger(): boolean {
    const now = performance.now();
    if (now - this.#since > lingerTime) {
      this.#since = now;
      this.#lingering = 0;
    }
    return ++this.#lingering <= this.#mostLingering;
  }
}
