/** A client that sends one message over a real socket, and says what it was told. */

import { createConnection, type Socket } from "node:net";
import { createInterface } from "node:readline";

export const message: string = [
  "From: Alice <alice@example.com>",
  "To: bob@example.com",
  "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe=1B[31m?=",
  "Date: Sun, 22 Nov 2026 13:00:00 +0000",
  "MIME-Version: 1.0",
  "Content-Type: multipart/mixed; boundary=b",
  "",
  "--b",
  "Content-Type: text/plain; charset=utf-8",
  "",
  "the secret of the day",
  "second line",
  "--b",
  'Content-Type: application/pdf; name="report.pdf"',
  "Content-Transfer-Encoding: base64",
  "",
  "eHh4",
  "--b--",
  "",
].join("\r\n");

/** Where to: a port of 127.0.0.1, or the path of a Unix socket. */
export type Address = number | string;

function connect(address: Address): Socket {
  return typeof address === "number" ? createConnection(address, "127.0.0.1") : createConnection(address);
}

/** A session that is open and idle; resolves after the greeting. */
export async function openSession(address: Address): Promise<Socket> {
  const socket = connect(address);
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

/** Sends one message and quits; resolves with the final reply line of each command. */
export async function sendMail(
  address: Address,
  mail: { readonly from: string; readonly to: readonly string[]; readonly data?: string },
): Promise<string[]> {
  const commands = [
    "EHLO client.test",
    `MAIL FROM:<${mail.from}>`,
    ...mail.to.map((recipient) => `RCPT TO:<${recipient}>`),
    "DATA",
    `${mail.data ?? message}.`,
    "QUIT",
  ];
  const socket = connect(address);
  const replies: string[] = [];
  for await (const line of createInterface({ input: socket })) {
    if (line[3] === "-") continue;
    replies.push(line);
    // A refused DATA has no message after it.
    if (commands[0]?.startsWith("From:") && !line.startsWith("354")) commands.shift();
    const next = commands.shift();
    if (next !== undefined) socket.write(`${next}\r\n`);
  }
  return replies;
}
