/** What is sent: each scenario is one client program, and how it is told what to do. */

import { existsSync } from "node:fs";
import { find } from "../test/clients/found.ts";
import type { Contestant } from "./contestants.ts";
import { peers } from "./peers.ts";
import type { MeasuredServer } from "./server.ts";

export interface Scenario {
  /** As in the table; what `--only` looks for. */
  readonly name: string;
  /** The client's command line, or why there is none. */
  client(port: number, messages: number): readonly string[] | string;
  /** Whether a contestant can take part. */
  suits(contestant: Contestant): boolean;
}

/** Connections at the same time, of every scenario but the pipelined one. */
export const connections = 20;

const anybody = (): boolean => true;
const isPostern = ({ name }: Contestant): boolean => name.startsWith("Postern");
const withTls = (contestant: Contestant): boolean => contestant.hasTls;
const source = await find("smtp-source");

/** All of them. */
export const scenarios: readonly Scenario[] = [
  { name: "1 KiB, connections kept", suits: anybody, client: smtpSource(1024, ["-d"]) },
  { name: "64 KiB, connections kept", suits: anybody, client: smtpSource(65536, ["-d"]) },
  { name: "1 KiB, a connection each", suits: anybody, client: smtpSource(1024, []) },
  { name: "1 KiB, pipelined, 100 connections", suits: anybody, client: pipelining(1024, 100) },
  { name: "1 KiB, STARTTLS, connections kept", suits: withTls, client: load(1024, ["-tls"]) },
  { name: "64 KiB, STARTTLS, connections kept", suits: withTls, client: load(65536, ["-tls"]) },
  { name: "1 KiB, STARTTLS, a connection each", suits: withTls, client: load(1024, ["-tls", "-each"]) },
  // The same client with and without CHUNKING: what it brings.
  { name: "1 KiB, DATA beside CHUNKING, connections kept", suits: isPostern, client: load(1024, []) },
  { name: "1 KiB, CHUNKING, connections kept", suits: anybody, client: load(1024, ["-bdat"]) },
  { name: "64 KiB, DATA beside CHUNKING, connections kept", suits: isPostern, client: load(65536, []) },
  { name: "64 KiB, CHUNKING, connections kept", suits: anybody, client: load(65536, ["-bdat"]) },
];

/** Postfix's client, which keeps its connections with `-d`. */
export function smtpSource(octets: number, args: readonly string[]): Scenario["client"] {
  return (port, messages) => {
    if (source === undefined) return "smtp-source: postfix is not installed";
    const amount = ["-s", `${connections}`, "-m", `${messages}`, "-l", `${octets}`];
    const addresses = ["-M", "client.test", "-f", "load@client.test", "-t", "load@server.test"];
    return [source, ...amount, ...args, ...addresses, `127.0.0.1:${port}`];
  };
}

function pipelining(octets: number, clients: number): Scenario["client"] {
  const file = `${import.meta.dir}/load/pipeline.ts`;
  return (port, messages) => [process.execPath, file, ...[port, messages, octets, clients].map(String)];
}

/** The client in load/client.go, which keeps its connections without `-each`. */
export function load(octets: number, args: readonly string[]): Scenario["client"] {
  return (port, messages) => {
    if (!existsSync(`${peers}/load`)) return "load/client.go: Go is not installed";
    const amount = ["-c", `${connections}`, "-m", `${messages}`, "-l", `${octets}`];
    return [`${peers}/load`, ...amount, ...args, `127.0.0.1:${port}`];
  };
}

/** What one run showed. */
export interface Run {
  readonly messages: number;
  readonly seconds: number;
  /** Seconds of the server's processor time for each message. */
  readonly serverTime: number;
  /** How much of a processor the client used: near 1 it was the client that could do no more. */
  readonly clientLoad: number;
}

/**
 * Sends messages, and measures.
 *
 * @returns what was measured, or why nothing could be.
 */
export async function runScenario(scenario: Scenario, server: MeasuredServer, messages: number): Promise<Run | string> {
  const command = scenario.client(server.port, messages);
  if (typeof command === "string") return command;
  const before = server.processorTime;
  const began = performance.now();
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
  const [code, said] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  clearTimeout(timer);
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) return said.trim().split("\n").at(-1) || `the client ended with ${code}`;
  const serverTime = (server.processorTime - before) / messages;
  // Bun tells microseconds, as whole numbers of any length.
  const clientTime = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6;
  return { messages, seconds, serverTime, clientLoad: clientTime / seconds };
}
