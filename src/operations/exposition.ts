/** The numbers of a server in Prometheus' text format, written by `prom-client`. */

import process from "node:process";
import type { Metric, MetricObjectWithValues, MetricValue, Registry } from "prom-client";
import type { Spool } from "../spool/spool.ts";
import type { Metrics } from "./metrics.ts";
import type { Distribution, Tallies, Tally } from "./tally.ts";

/** The media type of {@linkcode exposition}. */
export const contentType = "text/plain; version=0.0.4; charset=utf-8";

/** What is known at any moment, without being counted. */
export interface Gauges {
  readonly version: string;
  /** Open connections, and those accepted ever. */
  readonly connections: { readonly size: number; readonly accepted: number };
  readonly spool: Spool;
}

type Labels = Readonly<Record<string, string>>;
type Value = readonly [labels: Labels, value: number];

/** The numbers of one process, to be summed up with those of others; plain JSON. */
export type Snapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

/** All of it, as text. */
export async function exposition(metrics: Metrics, gauges: Gauges): Promise<string> {
  return await (await registryOf(metrics, gauges)).metrics();
}

/** All of it, as numbers. */
export async function snapshot(metrics: Metrics, gauges: Gauges): Promise<Snapshot> {
  return await (await registryOf(metrics, gauges)).getMetricsAsJSON();
}

/** The numbers of several processes, as those of one. */
export async function summed(snapshots: readonly Snapshot[]): Promise<Snapshot> {
  const { AggregatorRegistry } = await import("prom-client");
  return await AggregatorRegistry.aggregate([...snapshots]).getMetricsAsJSON();
}

/** The same, as text. */
export async function text(snapshots: readonly Snapshot[]): Promise<string> {
  const { AggregatorRegistry } = await import("prom-client");
  return await AggregatorRegistry.aggregate([...snapshots]).metrics();
}

/** What only grows: what a process counted is true when it has ended, too, and how it was is not. */
export function counted(snapshot: Snapshot): Snapshot {
  return snapshot.filter(({ type }) => ["counter", "histogram"].includes(String(type)));
}

async function registryOf(metrics: Metrics, gauges: Gauges): Promise<Registry> {
  // Only who is asked for metrics loads what writes them.
  const { Counter, Gauge, Registry } = await import("prom-client");
  const registry = new Registry();
  const registers = [registry];

  function counter(name: string, help: string, labelNames: string[], values: Iterable<Value>): void {
    const metric = new Counter({ name, help, labelNames, registers });
    for (const [labels, value] of values) metric.inc(labels, value);
  }

  function gauge(
    name: string,
    help: string,
    labelNames: string[],
    values: Iterable<Value>,
    aggregator: "sum" | "first" | "min" = "sum",
  ): void {
    const metric = new Gauge({ name, help, labelNames, registers, aggregator });
    for (const [labels, value] of values) metric.set(labels, value);
  }

  function histogram(name: string, help: string, values: Iterable<readonly [Labels, Distribution]>): void {
    const snapshot = { name, help, type: "histogram", aggregator: "sum", values: [...values].flatMap(bucketsOf(name)) };
    // A metric of the library's own would have to be told of each value as it comes.
    registry.registerMetric({ name, get: () => Promise.resolve(snapshot), reset() {} } as unknown as Metric);
  }

  const { connections, spool } = gauges;
  gauge("postern_info", "The version that runs.", ["version"], [[{ version: gauges.version }, 1]], "first");
  gauge("postern_connections", "Open connections.", [], one(connections.size));
  counter("postern_connections_total", "Connections that were let in.", [], one(connections.accepted));
  counter(
    "postern_connections_refused_total",
    "Connections that were turned away before a session began.",
    ["reason"],
    by("reason", metrics.refusedConnections),
  );
  counter("postern_sessions_total", "Sessions, by how they ended.", ["outcome"], by("outcome", metrics.sessions));
  counter("postern_sessions_tls_total", "Sessions, by TLS version.", ["version"], by("version", metrics.tls));
  counter("postern_tls_handshake_failures_total", "Failed TLS handshakes.", [], one(metrics.handshakeFailures));
  counter("postern_messages_total", "Messages, by outcome.", ["outcome"], by("outcome", metrics.messages));
  histogram("postern_message_size_bytes", "The sizes of messages.", [[{}, metrics.messageSizes]]);
  counter("postern_replies_total", "Replies, by stage and code.", ["stage", "code"], repliesIn(metrics));
  histogram("postern_handler_duration_seconds", "How long the handlers of a stage took.", byStage(metrics));
  counter(
    "postern_handler_failures_total",
    "Handlers that threw, answered nonsense or ran out of time, by stage.",
    ["stage"],
    by("stage", metrics.handlerFailures),
  );
  histogram("postern_delivery_duration_seconds", "From the end of a message to its reply.", [[{}, metrics.deliveries]]);
  counter(
    "postern_authentications_total",
    "AUTH commands, by mechanism and outcome.",
    ["mechanism", "outcome"],
    inBoth("mechanism", "outcome", metrics.authentications),
  );
  counter(
    "postern_verdicts_total",
    "What middleware found out, by check and result.",
    ["check", "result"],
    inBoth("check", "result", metrics.verdicts),
  );
  gauge("postern_spool_bytes", "Octets of messages that are being received or handled.", ["place"], [
    [{ place: "memory" }, spool.inMemory],
    [{ place: "disk" }, spool.onDisk],
  ]);
  const { user, system } = process.cpuUsage();
  counter("process_cpu_seconds_total", "Processor time of the whole process.", [], one((user + system) / 1e6));
  gauge("process_resident_memory_bytes", "Resident memory of the process.", [], one(process.memoryUsage().rss));
  gauge("process_start_time_seconds", "When the process began.", [], one(startedAt), "min");
  return registry;
}

/** Whole seconds, and always the same. */
const startedAt = Math.round(Date.now() / 1000 - process.uptime());

/** A value without labels. */
function one(value: number): Value[] {
  return [[{}, value]];
}

function* by(label: string, tally: Tally): Iterable<Value> {
  for (const [value, count] of tally.entries()) yield [{ [label]: value }, count];
}

function* repliesIn({ replies }: Metrics): Iterable<Value> {
  for (const [stage, counts] of replies) {
    for (const [code, count] of counts.entries()) if (count > 0) yield [{ stage, code: String(code) }, count];
  }
}

function* byStage({ handlers }: Metrics): Iterable<readonly [Labels, Distribution]> {
  for (const [stage, durations] of handlers) yield [{ stage }, durations];
}

function* inBoth(outer: string, inner: string, tallies: Tallies): Iterable<Value> {
  for (const [one, tally] of tallies.entries()) {
    for (const [other, count] of tally.entries()) yield [{ [outer]: one, [inner]: other }, count];
  }
}

/** A histogram's lines: each bucket counts those below it as well. */
function bucketsOf(name: string): (of: readonly [Labels, Distribution]) => object[] {
  return ([labels, distribution]) => {
    const counts = distribution.cumulative();
    const bucket = (count: number, at: number) => {
      const le = distribution.bounds[at] ?? "+Inf";
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    };
    return [
      ...counts.map(bucket),
      { metricName: `${name}_sum`, labels, value: distribution.sum },
      { metricName: `${name}_count`, labels, value: counts.at(-1)! },
    ];
  };
}
