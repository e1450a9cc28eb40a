import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { dnsResolver, type RecordType, type Resolver } from "../../src/dns/mod.ts";
import { checkHost } from "../../src/spf/mod.ts";
import type { Cases } from "./case.ts";

/** Said where it is not there. */
export const absent = "skipped: no dnsmasq on this machine (apt-get install dnsmasq-base)";

/** A DKIM key of 2048 bits has 392 letters in base 64, more than one character string holds. */
const KEY = `v=DKIM1; k=rsa; p=${"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A".repeat(12)}QIDAQAB`;
const BULK = Array.from({ length: 12 }, (_, at) => `${at}-`.padEnd(240, "x"));

const CONFIG = [
  "--local=/example/",
  `--txt-record=k1._domainkey.a.example,${KEY.slice(0, 255)},${KEY.slice(255)}`,
  "--txt-record=a.example,v=spf1 include:spf.a.example -all",
  "--txt-record=spf.a.example,v=spf1 ip4:192.0.2.0/24 mx:a.example ~all",
  ...BULK.map((text) => `--txt-record=bulk.example,${text}`),
  "--mx-host=a.example,mx1.a.example,10",
  "--mx-host=a.example,mx2.a.example,20",
  "--host-record=mx1.a.example,192.0.2.25,2001:db8::25",
  "--host-record=end.example,198.51.100.7",
  "--cname=three.example,end.example",
  "--cname=two.example,three.example",
  "--cname=one.example,two.example",
];

async function withDnsmasq(body: (resolver: Resolver) => Promise<void>): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 40_000);
    const args = ["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file="];
    const server: ChildProcess = spawn("dnsmasq", [
      ...args,
      "--user=root",
      "--bind-interfaces",
      "--listen-address=127.0.0.1",
      "--local-ttl=60",
      `--port=${port}`,
      ...CONFIG,
    ], { stdio: "ignore" });
    const gone = new Promise<void>((go) => server.once("exit", () => go()));
    try {
      if (await isUp(server, port)) {
        return await body(dnsResolver({ servers: [`127.0.0.1:${port}`], timeout: 2000 }));
      }
    } finally {
      server.kill();
      await gone;
    }
  }
  throw new Error("dnsmasq did not start");
}

async function isUp(server: ChildProcess, port: number): Promise<boolean> {
  const probe = dnsResolver({ servers: [`127.0.0.1:${port}`], timeout: 200, attempts: 1, cache: false });
  for (let attempt = 0; attempt < 50 && server.exitCode === null; attempt++) {
    if ((await probe.resolve("end.example", "A")).status === "ok") return true;
    await sleep(50);
  }
  return false;
}

async function records<T extends RecordType>(resolver: Resolver, name: string, type: T): Promise<unknown> {
  const answer = await resolver.resolve(name, type);
  return answer.status === "ok" ? answer.records : answer.status;
}

/** The resolver against a real server, or undefined where there is none. */
export function dnsmasqCases(): Cases | undefined {
  if (spawnSync("dnsmasq", ["--version"]).status !== 0) return undefined;
  const cases: Cases = {};
  const each = (name: string, body: (resolver: Resolver) => Promise<void>): void => {
    cases[`dnsmasq: ${name}`] = () => withDnsmasq(body);
  };

  each("a DKIM key of 2048 bits is one record", async (resolver) => {
    assert.ok(KEY.length > 400);
    assert.deepEqual(await records(resolver, "k1._domainkey.a.example", "TXT"), [KEY]);
  });

  each("an answer over 1232 octets comes whole, by TCP", async (resolver) => {
    const answer = await resolver.resolve("bulk.example", "TXT");
    assert.deepEqual(answer.status === "ok" && [...answer.records].sort(), [...BULK].sort());
  });

  each("a chain of CNAMEs ends at its address", async (resolver) => {
    const answer = await resolver.resolve("one.example", "A");
    assert.deepEqual(answer.status === "ok" && [answer.name, ...answer.records], ["end.example", "198.51.100.7"]);
  });

  each("MX, AAAA and PTR", async (resolver) => {
    const mx = await resolver.resolve("a.example", "MX");
    assert.deepEqual(mx.status === "ok" && [...mx.records].sort((one, other) => one.preference - other.preference), [
      { preference: 10, exchange: "mx1.a.example" },
      { preference: 20, exchange: "mx2.a.example" },
    ]);
    assert.deepEqual(await records(resolver, "mx1.a.example", "AAAA"), ["2001:db8::25"]);
    assert.deepEqual(await records(resolver, "7.100.51.198.in-addr.arpa", "PTR"), ["end.example"]);
  });

  each("NXDOMAIN is not NODATA, and neither is a refusal", async (resolver) => {
    assert.equal(await records(resolver, "nowhere.example", "A"), "nxdomain");
    assert.equal(await records(resolver, "end.example", "AAAA"), "nodata");
    assert.equal(await records(resolver, "elsewhere.test", "A"), "failure");
  });

  each("SPF from its records to its result", async (resolver) => {
    const question = { sender: "me@a.example", helo: "mx1.a.example", resolver };
    assert.equal((await checkHost({ ...question, ip: "192.0.2.99" })).result, "pass");
    assert.equal((await checkHost({ ...question, ip: "2001:db8::25" })).result, "pass");
    assert.equal((await checkHost({ ...question, ip: "203.0.113.1" })).result, "fail");
  });
  return cases;
}
