import { Buffer } from "node:buffer";
import packet from "dns-packet";
import type { RecordType } from "./resolver.ts";

/** What fits without fragments on any path in use (the size that DNS Flag Day 2020 settled on). */
const udpPayload = 1232;

/** A query as it goes out, and what an answer to it must repeat. */
export interface Query {
  readonly name: string;
  readonly type: RecordType;
  readonly id: number;
  readonly bytes: Uint8Array;
  /** The question section, which the answer echoes (RFC 5452 section 9.1). */
  readonly question: Uint8Array;
}

/** One resource record; data in the codec's form. */
export interface ResourceRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: unknown;
}

/** A reply that answers our question. */
export interface Reply {
  /** As RFC 1035 and its successors name it: NOERROR, NXDOMAIN, SERVFAIL, REFUSED, FORMERR … */
  readonly rcode: string;
  readonly truncated: boolean;
  /** From a server that neither owns the zone nor asks others: NOERROR with nothing in it then says nothing. */
  readonly lame: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  /** Octets of the message. */
  readonly size: number;
}

/** `stranger`: not an answer to this query, so wait on for the right one. `malformed`: ours, but not readable. */
export type Reading = Reply | "stranger" | "malformed";

/** Writes a query (RFC 1035 section 4.1). `name` comes from `wireName`. */
export function writeQuery(name: string, type: RecordType, id: number, edns: boolean): Query {
  const bytes = packet.encode({
    type: "query",
    id,
    flags: packet.RECURSION_DESIRED,
    questions: [{ name, type, class: "IN" }],
    additionals: edns
      ? [{
        type: "OPT",
        name: ".",
        udpPayloadSize: udpPayload,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      }]
      : [],
  });
  // Each label has a length octet, so the name takes two octets more than its text; then type and class.
  return { name, type, id, bytes, question: bytes.subarray(12, 12 + name.length + 2 + 4) };
}

/** Reads what came in reply to a query. Off the network: believes nothing, throws nothing. */
export function readReply(bytes: Uint8Array, query: Query): Reading {
  if (bytes.length < 12) return "stranger";
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isResponse = (buffer.readUInt16BE(2) & 0xf800) === 0x8000; // QR set, opcode QUERY
  if (buffer.readUInt16BE(0) !== query.id || !isResponse) return "stranger";
  const questions = buffer.readUInt16BE(4);
  const rcode = buffer[3]! & 15;
  // A server that cannot read a query may send the bare header back (RFC 6891 section 7).
  const bareError = questions === 0 && rcode !== 0 && rcode !== 3;
  if (!bareError && !(questions === 1 && echoes(buffer, query.question))) return "stranger";
  try {
    const message = packet.decode(buffer);
    // The codec runs past the end in places without complaint; its own count then is larger, or not a number.
    if (packet.decode.bytes !== buffer.length) return "malformed";
    return replyFrom(message, buffer.length);
  } catch {
    // A truncated message may end anywhere; TC is all that is needed of it.
    if (buffer[2]! & 2) {
      return { rcode: "NOERROR", truncated: true, lame: false, answers: [], authorities: [], size: buffer.length };
    }
    return "malformed";
  }
}

function replyFrom(message: packet.DecodedPacket, size: number): Reply {
  const header = message as unknown as { rcode: string; flag_aa: boolean; flag_ra: boolean; flag_tc: boolean };
  const answers = records(message.answers);
  const authorities = records(message.authorities);
  const opt = message.additionals?.find((record) => record.type === "OPT");
  // The upper eight bits of the code travel in the OPT record (RFC 6891 section 6.1.3); 16 is BADVERS.
  const extended = opt !== undefined && (opt as packet.OptAnswer).extendedRcode !== 0;
  return {
    rcode: extended ? "EXTENDED" : header.rcode,
    truncated: header.flag_tc,
    lame: answers.length === 0 && !header.flag_aa && !header.flag_ra &&
      authorities.some((record) => record.type === "NS") && !authorities.some((record) => record.type === "SOA"),
    answers,
    authorities,
    size,
  };
}

/** The records of class IN. */
function records(answers: readonly packet.Answer[] | undefined): ResourceRecord[] {
  const list: ResourceRecord[] = [];
  for (const answer of answers ?? []) {
    if (!("data" in answer) || answer.class !== "IN" || answer.flush) continue;
    // A TTL with the top bit set counts as zero (RFC 2181 section 8).
    const ttl = answer.ttl ?? 0;
    list.push({ name: answer.name, type: answer.type, ttl: ttl > 0x7fffffff ? 0 : ttl, data: answer.data });
  }
  return list;
}

/** Names match in either case (RFC 4343); type and class, the last four octets, exactly. */
function echoes(message: Uint8Array, question: Uint8Array): boolean {
  if (message.length < 12 + question.length) return false;
  for (let at = 0; at < question.length; at++) {
    const ours = question[at]!;
    const theirs = message[12 + at]!;
    if (ours === theirs) continue;
    if (at >= question.length - 4 || lower(ours) !== lower(theirs)) return false;
  }
  return true;
}

function lower(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}
