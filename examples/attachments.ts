/**
 * Attachments go to disk, under names that cannot do harm: a sender chooses the name in the message, never the path.
 *
 *     ATTACHMENTS_DIR=/srv/attachments postern serve examples/attachments.ts
 */

import { mkdir, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import process from "node:process";
import { Postern, reply } from "postern";

const { ATTACHMENTS_DIR = "attachments" } = process.env;

const app: Postern = new Postern();

app.deliver("files@example.com", async (c) => {
  const { attachments } = await c.var.mail.parse();
  if (attachments.length === 0) return reply(554, "5.6.0", "There is nothing attached");
  // The same message sent again has the same fingerprint: it overwrites its own files, and leaves no second copy.
  const folder = join(ATTACHMENTS_DIR, await c.var.mail.fingerprint());
  await mkdir(folder, { recursive: true });
  for (const [index, { filename = "", content }] of attachments.entries()) {
    const ending = /^\.[A-Za-z0-9]{1,8}$/.exec(extname(filename))?.[0].toLowerCase() ?? "";
    const path = join(folder, `${index + 1}${ending}`);
    await writeFile(path, content);
    console.log(`${path}: ${content.length} octets`);
  }
  // A throw above, as when the disk is full, is 451: the sender keeps the message.
  return c.text(`${attachments.length} kept`);
});

export default app;
