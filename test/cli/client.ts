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

/** A session in the middle of a message, and all it has been told. */
export interface OpenMessage {
  readonly socket: Socket;
  heard(): string;
}

/** Opens a session and begins a message; resolves once the server waits for its content. */
export async function beginMessage(address: Address): Promise<OpenMessage> {
  const socket = connect(address);
  let heard = "";
  socket.on("error", () => {});
  await new Promise<void>((resolve) =>
    socket.on("data", (chunk) => {
      const before = heard;
      heard += chunk;
      if (before === "") socket.write("EHLO client.test\r\n");
      else if (/^250 /m.test(heard) && !/^250 /m.test(before)) {
        socket.write("MAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n");
      } else if (/^354 /m.test(heard)) resolve();
    })
  );
  return { socket, heard: () => heard };
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
