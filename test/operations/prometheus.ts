/** Reads Prometheus' text format as strictly as its own tools do, and complains as they would. */

/** A family of samples. */
export interface Family {
  readonly type: string;
  readonly help: string;
  /** By name and labels as they are written, labels in the order of their names. */
  readonly samples: Map<string, number>;
}

const helpSyntax = /^# HELP ([a-zA-Z_:][\w:]*) ((?:[^\\\n]|\\\\|\\n)+)$/;
const typeSyntax = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/;
const sampleSyntax = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf|NaN))$/;
const labelSyntax = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/y;

/** All families by name. Throws for the first thing that is wrong. */
export function parseExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let current: { name: string; family: Family } | undefined;
  let help: readonly [name: string, text: string] | undefined;
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "") continue;
    const helped = helpSyntax.exec(line);
    const typed = typeSyntax.exec(line);
    if (helped !== null) {
      help = [helped[1]!, helped[2]!];
      current = undefined;
    } else if (typed !== null) {
      const name = typed[1]!;
      if (families.has(name)) throw new Error(`${name} is there twice`);
      if (help?.[0] !== name) throw new Error(`${name} has no help`);
      current = { name, family: { type: typed[2]!, help: help[1], samples: new Map() } };
      families.set(name, current.family);
    } else addSample(line, current);
  }
  for (const [name, family] of families) check(name, family);
  return families;
}

/** One sample's value: 0 for one that is not there. */
export function sample(families: Map<string, Family>, name: string, labels: Record<string, string> = {}): number {
  const family = families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ""));
  if (family === undefined) throw new Error(`there is no ${name}`);
  return family.samples.get(keyOf(name, Object.entries(labels))) ?? 0;
}

function addSample(line: string, current: { name: string; family: Family } | undefined): void {
  const [, name, labels = "", value] = sampleSyntax.exec(line) ?? [];
  if (name === undefined) throw new Error(`this is no line: ${line}`);
  const belongs = current !== undefined && (name === current.name || (current.family.type === "histogram" &&
    ["_bucket", "_sum", "_count"].some((suffix) => name === current.name + suffix)));
  if (!belongs) throw new Error(`${name} is not among its family`);
  const key = keyOf(name, labelsIn(labels));
  if (current.family.samples.has(key)) throw new Error(`${key} is there twice`);
  current.family.samples.set(key, Number(value!.replace("Inf", "Infinity")));
}

function labelsIn(text: string): [string, string][] {
  const labels: [string, string][] = [];
  labelSyntax.lastIndex = 0;
  while (labelSyntax.lastIndex < text.length) {
    const match = labelSyntax.exec(text);
    if (match === null) throw new Error(`these are no labels: ${text}`);
    labels.push([match[1]!, match[2]!]);
  }
  if (new Set(labels.map(([name]) => name)).size !== labels.length) throw new Error(`a label is there twice: ${text}`);
  return labels;
}

function keyOf(name: string, labels: readonly (readonly [string, string])[]): string {
  const sorted = [...labels].sort(([one], [other]) => one < other ? -1 : 1);
  return `${name}{${sorted.map(([label, value]) => `${label}=${value}`).join()}}`;
}

/** What `promtool check metrics` looks at. */
function check(name: string, { type, samples }: Family): void {
  if (type === "counter" && !name.endsWith("_total")) throw new Error(`the counter ${name} does not end in _total`);
  if (type !== "counter" && name.endsWith("_total")) throw new Error(`${name} ends in _total and is a ${type}`);
  if (/(?:milliseconds|minutes|kilobytes|percent)/.test(name)) throw new Error(`${name} is not in a base unit`);
  for (const [key, value] of samples) {
    if (type !== "gauge" && !(value >= 0)) throw new Error(`${key} is ${value}`);
  }
  if (type === "histogram") checkBuckets(name, samples);
}

function checkBuckets(name: string, samples: Map<string, number>): void {
  const series = new Map<string, [number, number][]>();
  for (const [key, value] of samples) {
    const match = /^(.*)_bucket\{(.*?),?le=([^,}]+),?(.*)\}$/.exec(key);
    if (match === null || match[1] !== name) continue;
    const rest = [match[2], match[4]].filter((part) => part !== "").join();
    series.set(rest, [...series.get(rest) ?? [], [Number(match[3]!.replace("Inf", "Infinity")), value]]);
  }
  const counts = [...samples.keys()].filter((key) => key.startsWith(`${name}_count`));
  if (counts.length !== series.size) throw new Error(`${name} has ${series.size} series and ${counts.length} counts`);
  for (const [labels, buckets] of series) {
    const isAscending = buckets.every(([bound, count], at) => {
      const [before = -Infinity, below = 0] = buckets[at - 1] ?? [];
      return bound > before && count >= below;
    });
    if (!isAscending) throw new Error(`the buckets of ${name}{${labels}} do not ascend`);
    const [last, total] = buckets.at(-1)!;
    if (last !== Infinity || total !== samples.get(`${name}_count{${labels}}`)) {
      throw new Error(`the last bucket of ${name}{${labels}} is not the count`);
    }
    if (!samples.has(`${name}_sum{${labels}}`)) throw new Error(`${name}{${labels}} has no sum`);
  }
}
