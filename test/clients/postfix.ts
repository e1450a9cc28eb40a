/**
 * A private Postfix with a real queue: its own configuration, queue and log below a temporary folder, nothing shared
 * with a Postfix of the machine, and no port but the one it is told to listen on.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { chmod, chown, mkdir, readFile, utimes } from "node:fs/promises";
import { bytesOf, type Mechanism, type Message } from "./client.ts";
import { executable, find, installed, privileged, skipped } from "./found.ts";
import { mainCf, masterCf, passwords, type PostfixFolders, type PostfixOptions } from "./postfix_config.ts";
import { killProcessesOf, processesOf } from "./processes.ts";
import { run, type Running, start } from "./run.ts";
import { type Scratch, scratch } from "./scratch.ts";

export type { PostfixOptions } from "./postfix_config.ts";

const daemons = "/usr/lib/postfix/sbin";

/** What Cyrus SASL, with Debian's libsasl2-modules, lets Postfix's client say. */
export const mechanisms: readonly Mechanism[] = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"];

/** A message in the queue, as `postqueue -j` shows it. */
export interface QueuedMessage {
  readonly queueName: "active" | "deferred" | "incoming" | "hold" | "maildrop" | "corrupt";
  readonly queueId: string;
  readonly sender: string;
  readonly recipients: readonly { readonly address: string; readonly delayReason?: string }[];
}

/** Whether a private Postfix can run here. */
export async function available(): Promise<boolean> {
  return await installed("postfix") && privileged("postfix") &&
    (await executable(`${daemons}/master`) || skipped(`postfix is installed, but not in ${daemons}`));
}

/** Starts an instance. It ends by itself after ten minutes, should nobody stop it. */
export async function startPostfix(options: PostfixOptions): Promise<Postfix> {
  const folder = await scratch("postfix", { shared: true });
  const folders: PostfixFolders = {
    config: folder.file("config"),
    queue: folder.file("queue"),
    data: folder.file("data"),
    log: folder.file("mail.log"),
  };
  await mkdir(folders.config, { mode: 0o755 });
  await write(folder, "config/main.cf", mainCf(folders, options));
  await write(folder, "config/master.cf", masterCf(options));
  await write(folder, "config/passwords", passwords(options), 0o600);
  await makeQueue(folders);
  const master = start(`${daemons}/master`, ["-c", folders.config, "-d", "-e", "600"], inFolder(folders));
  const postfix = new Postfix(folder, folders, master);
  try {
    await postfix.logged(/daemon started/);
    return postfix;
  } catch (error) {
    await postfix[Symbol.asyncDispose]();
    throw new Error(`Postfix did not start: ${master.output.text}`, { cause: error });
  }
}

/** A running Postfix; `await using` stops it and removes its folder. */
export class Postfix implements AsyncDisposable {
  readonly #folder: Scratch;
  readonly #folders: PostfixFolders;
  readonly #master: Running;

  constructor(folder: Scratch, folders: PostfixFolders, master: Running) {
    this.#folder = folder;
    this.#folders = folders;
    this.#master = master;
  }

  /**
   * Puts a message into the queue. Postfix adds a Received header and whatever a message must have and this one has
   * not. `args` are further arguments of sendmail, for example `["-N", "success", "-V", "envelope-1"]` for a DSN.
   */
  async submit(message: Message, args: readonly string[] = []): Promise<void> {
    // -i: a lone dot does not end the message. Lines end in LF here, as for any Unix program.
    const input = Buffer.from(Buffer.from(bytesOf(message)).toString("latin1").replaceAll("\r\n", "\n"), "latin1");
    const sender = message.from === "" ? "<>" : message.from;
    await this.#command("sendmail", ["-i", "-f", sender, ...args, "--", ...message.to], input);
  }

  /** What is queued now, the active and the deferred. */
  async queue(): Promise<readonly QueuedMessage[]> {
    const lines = (await this.#command("postqueue", ["-j"])).split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => toQueued(JSON.parse(line)));
  }

  /** Tries everything that is deferred now. */
  async flush(): Promise<void> {
    await this.#command("postqueue", ["-f"]);
  }

  /** The log so far, one line an event. */
  async log(): Promise<string> {
    return await readFile(this.#folders.log, "utf8").catch(() => "");
  }

  /** Waits for a line of the log; rejects with the log after `timeoutMs`. */
  async logged(pattern: RegExp, timeoutMs = 15_000): Promise<RegExpExecArray> {
    return await this.#until(async () => pattern.exec(await this.log()) ?? undefined, `to log ${pattern}`, timeoutMs);
  }

  /** Waits until nothing is queued; rejects with the log after `timeoutMs`. */
  async emptied(timeoutMs = 40_000): Promise<void> {
    let asked = Date.now();
    let wasEmpty = false;
    const isEmpty = async (): Promise<true | undefined> => {
      const isEmptyNow = (await this.queue()).length === 0;
      // A message on its way from one of the queues to another may be in neither of those that are looked at.
      if (isEmptyNow && wasEmpty) return true;
      wasEmpty = isEmptyNow;
      // A message that a queue run met while it was being delivered may be passed over for long: ask again.
      if (Date.now() - asked > 4000) {
        asked = Date.now();
        await this.flush();
      }
      return undefined;
    };
    await this.#until(isEmpty, "to empty its queue", timeoutMs);
  }

  /** Ends all its processes. */
  async stop(): Promise<void> {
    // The daemons leave the master's process group alone, and hold its output open; but all carry its MAIL_CONFIG.
    const ended = this.#master.stop();
    await killProcessesOf(this.#folders.config);
    await ended;
  }

  /** The process ids of the master and its daemons. */
  async processes(): Promise<readonly number[]> {
    return await processesOf(this.#folders.config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #command(name: string, args: readonly string[], input?: Uint8Array): Promise<string> {
    const program = await find(name) ?? name;
    const { code, output } = await run(program, args, { ...inFolder(this.#folders), ...(input ? { input } : {}) });
    if (code !== 0) throw new Error(`${name} ${args.join(" ")} ended with ${code}: ${output}\n${await this.log()}`);
    return output;
  }

  async #until<T>(look: () => Promise<T | undefined>, what: string, timeoutMs: number): Promise<T> {
    const end = Date.now() + timeoutMs;
    while (true) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`Postfix took longer than ${timeoutMs} ms ${what}:\n${await this.log()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Postfix waits until a file is no longer new before it believes that it is complete, so none may look new. */
async function write(folder: Scratch, name: string, text: string, mode?: number): Promise<void> {
  const past = Date.now() / 1000 - 60;
  await utimes(await folder.write(name, text, mode), past, past);
}

function inFolder(folders: PostfixFolders): { env: Record<string, string | undefined> } {
  return { env: { MAIL_CONFIG: folders.config, MAIL_VERBOSE: undefined, MAIL_DEBUG: undefined } };
}

interface PostqueueLine {
  readonly queue_name: QueuedMessage["queueName"];
  readonly queue_id: string;
  readonly sender: string;
  readonly recipients: readonly { readonly address: string; readonly delay_reason?: string }[];
}

function toQueued(line: PostqueueLine): QueuedMessage {
  const recipients = line.recipients.map(({ address, delay_reason: delayReason }) => ({
    address,
    ...(delayReason === undefined ? {} : { delayReason }),
  }));
  return { queueName: line.queue_name, queueId: line.queue_id, sender: line.sender, recipients };
}

/** Owners and modes as in Postfix's own list of files. */
async function makeQueue(folders: PostfixFolders): Promise<void> {
  const number = async (database: string, name: string): Promise<number> =>
    Number((await run("getent", [database, name])).output.split(":")[2]);
  const owner = await number("passwd", "postfix");
  const postdrop = await number("group", "postdrop");
  const make = async (path: string, mode: number, uid = owner, gid = 0): Promise<void> => {
    await mkdir(path, { recursive: true });
    await chown(path, uid, gid);
    await chmod(path, mode);
  };
  await make(folders.queue, 0o755, 0);
  await make(folders.data, 0o700);
  await make(`${folders.queue}/pid`, 0o755, 0);
  await make(`${folders.queue}/maildrop`, 0o1730, owner, postdrop);
  await make(`${folders.queue}/public`, 0o2710, owner, postdrop);
  for (const name of queues) await make(`${folders.queue}/${name}`, 0o700);
}

const queues = "active bounce corrupt defer deferred flush hold incoming private saved trace".split(" ");
