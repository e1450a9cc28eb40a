import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import packet from "dns-packet";

/** One question, as it reached the scripted server. */
export interface Asked {
  readonly name: string;
  readonly type: string;
  readonly transport: "udp" | "tcp";
  readonly id: number;
  /** Octets that the client takes over UDP; 512 without EDNS. */
  readonly payload: number;
  /** The port the question came from. */
  readonly port: number;
  readonly query: packet.DecodedPacket;
  /** Sends octets as they are, from the server's own port or (for a forgery) from another. */
  send(bytes: Uint8Array, from?: "here" | "elsewhere"): void;
}

/** What the server does: a packet to answer with (id and question are filled in), or nothing, to say nothing. */
export type Script = (asked: Asked) => ScriptedReply | undefined;

export interface ScriptedReply {
  readonly rcode?: number;
  readonly flags?: number;
  readonly answers?: packet.Answer[];
  readonly authorities?: packet.Answer[];
}

export interface ScriptedServer {
  /** `127.0.0.1:port`, for the resolver's `servers`. */
  readonly address: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

/** A DNS server on loopback, UDP and TCP on one port, that does what a script says. */
export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const connections = new Set<Socket>();
  const answer = (bytes: Uint8Array, transport: "udp" | "tcp", port: number, send: Asked["send"]): void => {
    const query = packet.decode(Buffer.from(bytes));
    const question = query.questions![0]!;
    const opt = query.additionals?.find((record) => record.type === "OPT") as packet.OptAnswer | undefined;
    const payload = transport === "tcp" ? 65_535 : opt?.udpPayloadSize ?? 512;
    const one: Asked = {
      name: question.name,
      type: question.type,
      transport,
      id: query.id!,
      payload,
      port,
      query,
      send,
    };
    asked.push(one);
    const reply = script(one);
    if (reply !== undefined) send(encodeReply(one, reply));
  };

  // The same port for both: take one from TCP, try it on UDP, and begin anew when somebody else has it.
  for (let attempt = 0; attempt < 20; attempt++) {
    const tcp = createServer((socket) => {
      connections.add(socket);
      let received = Buffer.alloc(0);
      socket.on("error", () => {});
      socket.on("close", () => connections.delete(socket));
      socket.on("data", (chunk: Uint8Array) => {
        received = Buffer.concat([received, chunk]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        answer(received.subarray(2), "tcp", socket.remotePort ?? 0, (bytes) => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(bytes.length);
          socket.write(Buffer.concat([length, bytes]));
        });
      });
    });
    await new Promise<void>((go) => tcp.listen(0, "127.0.0.1", go));
    const port = (tcp.address() as AddressInfo).port;
    const udp = createSocket("udp4");
    const stranger = createSocket("udp4");
    udp.on("message", (bytes, from) =>
      answer(
        bytes,
        "udp",
        from.port,
        (out, source) => (source === "elsewhere" ? stranger : udp).send(out, from.port, from.address),
      ));
    const bound = await new Promise<boolean>((go) => {
      udp.once("error", () => go(false));
      udp.bind(port, "127.0.0.1", () => go(true));
    });
    if (!bound) {
      tcp.close();
      continue;
    }
    await new Promise<void>((go) => stranger.bind(0, "127.0.0.1", () => go()));
    const close = async (): Promise<void> => {
      udp.close();
      stranger.close();
      for (const socket of connections) socket.destroy();
      await new Promise<void>((go) => tcp.close(() => go()));
    };
    return { address: `127.0.0.1:${port}`, asked, close };
  }
  throw new Error("Cannot find a port that is free for both UDP and TCP");
}

/** The reply as octets; over UDP cut down to its header with TC when it is longer than the client takes. */
export function encodeReply(asked: Asked, reply: ScriptedReply, id: number = asked.id): Buffer {
  const message = {
    type: "response" as const,
    id,
    flags: (reply.flags ?? packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE) | (reply.rcode ?? 0),
    questions: asked.query.questions ?? [],
    answers: reply.answers ?? [],
    authorities: reply.authorities ?? [],
  };
  const bytes = packet.encode(message);
  if (bytes.length <= asked.payload) return bytes;
  return packet.encode({ ...message, flags: message.flags | packet.TRUNCATED_RESPONSE, answers: [], authorities: [] });
}

/** An SOA record for the authority section of a negative answer. */
export function soa(ttl: number, minimum: number): packet.Answer {
  return {
    type: "SOA",
    name: "example",
    class: "IN",
    ttl,
    data: { mname: "ns.example", rname: "hostmaster.example", serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
  };
}
