import { expect, test } from "bun:test";
import { AnswerCache, type CacheOptions } from "../../src/dns/cache.ts";
import { type Answer, failure } from "../../src/dns/mod.ts";

const found = (ttl: number): Answer => ({ status: "ok", name: "a.example", records: ["192.0.2.1"], ttl });

function cacheAt(options: CacheOptions = {}): { cache: AnswerCache; wait: (seconds: number) => void } {
  let now = 1000;
  return { cache: new AnswerCache(options, () => now), wait: (seconds) => now += seconds * 1000 };
}

test("an answer lasts as long as its TTL, which counts down", () => {
  const { cache, wait } = cacheAt();
  cache.set("key", found(60), 100);
  wait(20);
  expect(cache.get("key")).toEqual(found(40));
  wait(40);
  expect(cache.get("key")).toBeUndefined();
  expect(cache.size).toBe(0);
});

test.each<[string, CacheOptions, Answer, number]>([
  ["maxTtl bounds it", { maxTtl: 100 }, found(86_400), 100],
  ["minTtl stretches it", { minTtl: 5 }, found(0), 5],
  ["maxNegativeTtl bounds what is not there", {}, { status: "nxdomain", ttl: 86_400 }, 300],
  ["a failure is kept for a second", {}, failure("servfail", ""), 1],
])("%s", (_, options, answer, seconds) => {
  const { cache, wait } = cacheAt(options);
  cache.set("key", answer, 100);
  wait(seconds - 0.5);
  expect(cache.get("key")?.status).toBe(answer.status);
  wait(0.5);
  expect(cache.get("key")).toBeUndefined();
});

test("what the caller ended is not kept", () => {
  const { cache } = cacheAt();
  cache.set("key", failure("aborted", ""), 0);
  expect(cache.size).toBe(0);
});

test("the entry unused for longest makes room", () => {
  const { cache } = cacheAt({ maxEntries: 2 });
  cache.set("one", found(60), 1);
  cache.set("two", found(60), 1);
  cache.get("one");
  cache.set("three", found(60), 1);
  expect(["one", "two", "three"].filter((key) => cache.get(key))).toEqual(["one", "three"]);
});

test("large answers are bounded by their size", () => {
  const { cache } = cacheAt({ maxBytes: 1000 });
  for (const key of ["a", "b", "c"]) cache.set(key, found(60), 400);
  expect(["a", "b", "c"].filter((key) => cache.get(key))).toEqual(["b", "c"]);
  cache.set("b", found(60), 100);
  cache.set("d", found(60), 400);
  expect(cache.size).toBe(3); // replacing an entry gives its room back
});

test("no entries means no cache", () => {
  const { cache } = cacheAt({ maxEntries: 0 });
  cache.set("key", found(60), 1);
  expect(cache.get("key")).toBeUndefined();
});
