import { longestChain } from "./answer.ts";
import { reasonOf } from "./deadline.ts";
import { canonicalName, isWithin, wireName } from "./name.ts";
import {
  type Answer,
  failure,
  type FailureReason,
  type RecordData,
  type RecordType,
  type ResolveOptions,
  type Resolver,
} from "./resolver.ts";

/** The records of one name; a reason in place of records makes that question fail. */
export type StaticRecords = { readonly [T in RecordType]?: readonly RecordData[T][] | FailureReason };

/** Names and their records; a reason in place of records makes every question for that name fail. */
export type StaticTable = Readonly<Record<string, StaticRecords | FailureReason>>;

/**
 * A resolver that knows only what it is told, for tests and for machines without DNS. CNAMEs are followed.
 *
 * @example
 * ```ts
 * const resolver = staticResolver({
 *   "example.com": { MX: [{ preference: 10, exchange: "mx.example.com" }], TXT: ["v=spf1 mx -all"] },
 *   "mx.example.com": { A: ["192.0.2.25"] },
 *   "down.example": "timeout",
 * });
 * ```
 * @throws TypeError when a key is not a name.
 */
export function staticResolver(table: StaticTable): Resolver {
  const names = new Map<string, StaticRecords | FailureReason>();
  for (const [name, records] of Object.entries(table)) {
    const wire = wireName(name);
    if (wire === undefined) throw new TypeError(`Cannot use ${JSON.stringify(name)} as a name in a DNS table`);
    names.set(canonicalName(wire), records);
  }
  return {
    // deno-lint-ignore require-await -- the interface promises; nothing here has to wait
    async resolve<T extends RecordType>(name: string, type: T, options: ResolveOptions = {}): Promise<Answer<T>> {
      const wire = wireName(name);
      if (wire === undefined) return failure("name", `cannot ask for ${JSON.stringify(name.slice(0, 80))}`);
      if (options.signal?.aborted) return failure(reasonOf(options.signal), "the caller gave up");
      return lookUp(names, canonicalName(wire), type);
    },
  };
}

function lookUp<T extends RecordType>(
  names: ReadonlyMap<string, StaticRecords | FailureReason>,
  asked: string,
  type: T,
): Answer<T> {
  let name = asked;
  for (let step = 0; step < longestChain; step++) {
    const entry = names.get(name);
    if (typeof entry === "string") return failure(entry, `${name} is set to fail`);
    if (entry === undefined) {
      // A name with names below it exists (RFC 8020 section 2).
      const above = [...names.keys()].some((other) => isWithin(other, name));
      return { status: above ? "nodata" : "nxdomain", ttl: 0 };
    }
    const records = entry[type];
    if (typeof records === "string") return failure(records, `${type} of ${name} is set to fail`);
    if (records !== undefined && records.length > 0) return { status: "ok", name, records, ttl: 0 };
    const alias = entry.CNAME;
    if (alias === undefined || typeof alias === "string" || alias[0] === undefined) return { status: "nodata", ttl: 0 };
    name = canonicalName(alias[0]);
  }
  return failure("loop", `CNAME loop at ${name}`);
}
