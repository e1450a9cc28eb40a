import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { nodeParser, parseArguments } from "../../src/cli/args.ts";
import { type Flag, type FlagGroup, serveFlags, twinOf } from "../../src/cli/flags.ts";
import { serveHelp } from "../../src/cli/help.ts";
import { count, octets, onOrOff, port, seconds, secondsOrNone, text } from "../../src/cli/kind.ts";
import { listenFailure } from "../../src/cli/listenfailure.ts";
import { effectiveConfig, readSettings, type Settings, shapesOf } from "../../src/cli/settings.ts";
import { version } from "../../src/version.ts";
import { sessionOptions } from "../../src/session/options.ts";

const all: readonly Flag[] = serveFlags.flatMap((group) => group.flags);

function settingsOf(words: string[], environment: Record<string, string> = {}, groups = serveFlags): Settings {
  return readSettings(parseArguments(words, shapesOf(groups), nodeParser), environment, groups);
}

describe("values", () => {
  const cases = [
    [octets, "1", 1],
    [octets, "26214400", 26214400],
    [octets, "25MiB", 25 * 2 ** 20],
    [octets, "25 mib", 25 * 2 ** 20],
    [octets, "1.5KiB", 1536],
    [octets, "2GiB", 2 ** 31],
    [octets, "3KB", 3000],
    [octets, "3MB", 3e6],
    [octets, "3GB", 3e9],
    [octets, "10B", 10],
    [octets, "0", undefined],
    [octets, "-1", undefined],
    [octets, "1.5", undefined],
    [octets, "25M", undefined],
    [octets, "MiB", undefined],
    [octets, "1e6", undefined],
    [octets, "9999999999999GiB", undefined],
    [port, "0", 0],
    [port, "65535", 65535],
    [port, "65536", undefined],
    [port, "25 ", undefined],
    [port, "0x19", undefined],
    [port, "2.5", undefined],
    [count, "1", 1],
    [count, "0", undefined],
    [count, "many", undefined],
    [seconds, "30", 30_000],
    [seconds, "0.25", 250],
    [seconds, "0", undefined],
    [seconds, "2147484", undefined],
    [seconds, "1s", undefined],
    [secondsOrNone, "0", 0],
    [onOrOff, "1", true],
    [onOrOff, "false", false],
    [onOrOff, "yes", undefined],
  ] as const;

  test.each(cases)("of %o: %s is %p", (kind, written, value) => {
    expect(kind.read(written)).toBe(value as never);
  });
});

describe("the defaults of the table", () => {
  test.each(all.filter((flag) => flag.default !== undefined))("$name can be read", (flag) => {
    expect(flag.kind.read(flag.default!)).toBeDefined();
  });

  test("are those of serve()", () => {
    const { options, command } = settingsOf([]);
    expect(options).toEqual({});
    const config = effectiveConfig({ options, command }, "app.ts", serveFlags) as Record<string, unknown>;
    // What has no flag, and a list that is empty.
    const { name: _, offer: __, xclient: ___, ...defaults } = sessionOptions({}, "mx.test");
    expect(config).toMatchObject({ ...defaults, entry: "app.ts", port: 2525, hostname: "0.0.0.0" });
    expect(config).toMatchObject({ maxConnections: 1000, maxConnectionsPerAddress: 50, command: { grace: 10_000 } });
  });
});

const pem = "-----BEGIN CERTIFICATE-----\\nabc=\\n-----END CERTIFICATE-----";

describe("precedence", () => {
  test.each<[string, string[], Record<string, string>, Partial<Settings["options"]>]>([
    ["a flag before its twin", ["--port", "1"], { POSTERN_PORT: "2", PORT: "3" }, { port: 1 }],
    ["a twin before PORT", [], { POSTERN_PORT: "2", PORT: "3" }, { port: 2 }],
    ["PORT before the default", [], { PORT: "3" }, { port: 3 }],
    ["an empty twin counts as not set", [], { POSTERN_PORT: "", PORT: "3" }, { port: 3 }],
    ["what Kubernetes sets for a Service counts as not set", [], {
      POSTERN_PORT: "tcp://10.0.0.1:25",
      POSTERN_HTTP_PORT: "udp://10.0.0.1:53",
      PORT: "3",
    }, { port: 3 }],
    ["twins of nested options", [], { POSTERN_MAX_RECIPIENTS: "7" }, { limits: { recipients: 7 } }],
    ["twins of sizes and times", [], { POSTERN_MAX_SIZE: "1MiB", POSTERN_HANDLER_TIMEOUT: "1.5" }, {
      maxSize: 2 ** 20,
      timeouts: { handler: 1500 },
    }],
    ["--unix before a port of the environment", ["--unix", "/s"], { PORT: "3", POSTERN_HOSTNAME: "::" }, {
      unix: "/s",
    }],
    ["--port before a Unix socket of the environment", ["--port", "5"], { POSTERN_UNIX: "/s" }, { port: 5 }],
    ["--listen before a port of the environment", ["--listen", "25, [::1]:465/require-auth"], { PORT: "3" }, {
      listeners: [{ port: 25 }, { port: 465, hostname: "::1", requireAuth: true }],
    }],
    ["--port before a list of the environment", ["--port", "5"], { POSTERN_LISTEN: "25,587" }, { port: 5 }],
    ["a list of the environment before its port", [], { POSTERN_LISTEN: "mx.test:24/lmtp", PORT: "3" }, {
      listeners: [{ port: 24, hostname: "mx.test", protocol: "lmtp" }],
    }],
    ["one address for a whole list", ["--listen", "25"], { POSTERN_HOSTNAME: "::" }, {
      hostname: "::",
      listeners: [{ port: 25 }],
    }],
    ["PEM of the environment, its line ends spelled out", [], { POSTERN_TLS_CERT: pem, POSTERN_TLS_KEY: "/key" }, {
      tls: { cert: pem.replaceAll("\\n", "\n"), key: "/key" },
    }],
    ["a Unix socket of the environment before its port", [], { POSTERN_UNIX: "/s", PORT: "3" }, { unix: "/s" }],
  ])("%s", (_, words, environment, options) => {
    expect(settingsOf(words, environment).options).toEqual(options as never);
  });

  test("a switch of the environment is taken back on the command line", () => {
    const environment = { POSTERN_PRINT_CONFIG: "1" };
    expect(settingsOf([], environment).command.printConfig).toBe(true);
    expect(settingsOf(["--no-print-config"], environment).command.printConfig).toBe(false);
  });
});

describe("refused with what was written, where, and what it should be", () => {
  test.each<[string[], Record<string, string>, string]>([
    [["--port", "abc"], {}, '--port: "abc" is not a whole number from 0 to 65535'],
    [[], { POSTERN_PORT: "abc" }, 'POSTERN_PORT: "abc" is not a whole number from 0 to 65535'],
    [[], { PORT: "x\ny" }, 'PORT: "x\\x0ay" is not a whole number from 0 to 65535'],
    [
      ["--max-size", "25M"],
      {},
      '--max-size: "25M" is not a size above 0 in octets, or with a unit of KiB, MiB, GiB, KB, MB, GB, such as 25MiB',
    ],
    [["--listen", "25/ssl"], {}, '--listen: "25/ssl" is not a list of ports such as 25,465/tls,587/submission;'],
    [["--listen", "25,"], {}, '--listen: "25," is not a list of ports'],
    [["--listen", "465/tls"], {}, "Cannot listen on port 465 with implicitTls: tls has no certificate"],
    [["--listen", "25", "--port", "26"], {}, "Cannot listen on listeners and on a port or path beside them"],
    [["--bare-newline", "keep"], {}, '--bare-newline: "keep" is not reject or normalize'],
    [["--log-level", "loud"], {}, '--log-level: "loud" is not debug, info, warning or error'],
    [["--grace", "soon"], {}, '--grace: "soon" is not a number of seconds, such as 30 or 0.5, or 0'],
    [[], { POSTERN_PRINT_CONFIG: "maybe" }, 'POSTERN_PRINT_CONFIG: "maybe" is not true or false'],
    [
      ["--name", "not a name"],
      {},
      'Cannot serve under the name "not a name": it is not a host name, such as "mx.example.com"',
    ],
    [["--unix", "/s", "--port", "5"], {}, "Cannot listen on /s and on a port: give unix, or port and hostname"],
  ])("%j %j", (words, environment, message) => {
    expect(() => settingsOf(words, environment)).toThrow(message);
  });
});

test("a secret is printed neither by --print-config nor in an error", () => {
  const secret: FlagGroup = {
    title: "Secrets",
    flags: [{
      name: "token",
      sets: "name",
      kind: { ...text("TOKEN"), read: (t) => t === "bad" ? undefined : t },
      help: "",
      isSecret: true,
    }],
  };
  const groups = [
    secret,
    ...serveFlags.map((group) => ({ ...group, flags: group.flags.filter((f) => f.sets !== "name") })),
  ];
  const settings = settingsOf(["--token", "hunter2"], {}, groups);
  expect(settings.options.name).toBe("hunter2");
  const printed = JSON.stringify(effectiveConfig(settings, undefined, groups));
  expect(printed).toContain('"name":"(hidden)"');
  expect(printed).not.toContain("hunter2");
  expect(() => settingsOf(["--token", "bad"], {}, groups)).toThrow("--token: the value is not some text");
});

test("a key that is given as text is not printed", () => {
  const settings = settingsOf([], {
    POSTERN_TLS_CERT: pem,
    POSTERN_TLS_KEY: pem.replaceAll("CERTIFICATE", "PRIVATE KEY"),
  });
  const printed = JSON.stringify(effectiveConfig(settings, "app.ts", serveFlags));
  expect(printed).toContain('"key":"(hidden)"');
  expect(printed).not.toContain("abc=");
});

test("the help has a line for each flag, none wider than 120 characters", () => {
  const help = serveHelp(serveFlags);
  for (const flag of all) expect(help).toContain(` --${flag.name}`);
  expect(help.split("\n").filter((line) => line.length > 120)).toEqual([]);
});

test("every flag but --help has a twin of its own", () => {
  expect(all.filter((flag) => flag.hasNoTwin).map((flag) => flag.name)).toEqual(["help"]);
  expect(new Set(all.map(twinOf)).size).toBe(all.length);
});

test("the version is that of both manifests", () => {
  for (const file of ["package.json", "deno.json"]) {
    expect(JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8")).version).toBe(version);
  }
});

test.each<[string | undefined, Record<string, string | number>, string]>([
  ["EADDRINUSE", { port: 25, hostname: "::1" }, "cannot listen on [::1]:25: the port is in use; stop what uses it, or"],
  ["EADDRINUSE", { unix: "/run/s" }, "cannot listen on /run/s: there is a file of that name; remove it if no server"],
  [
    "EACCES",
    { port: 25 },
    "cannot listen on 0.0.0.0:25: no permission for a port below 1024; choose another with --port",
  ],
  ["EPERM", { port: 2525 }, "cannot listen on 0.0.0.0:2525: no permission for that port; choose another with --port"],
  ["EACCES", { unix: "/s" }, "cannot listen on /s: no permission to make that file; choose another place with --unix"],
  ["ENOENT", { unix: "/no/s" }, "cannot listen on /no/s: there is no such directory; make it, or choose another"],
  ["EADDRNOTAVAIL", { hostname: "192.0.2.1" }, "cannot listen on 192.0.2.1:2525: this machine has no such address;"],
  [undefined, { hostname: "no.test" }, "cannot listen on no.test:2525: perhaps no.test is no name of this machine;"],
  [
    "EADDRINUSE",
    { listeners: [{ port: 25 }, { port: 465, hostname: "::1" }] } as never,
    "cannot listen on all of 0.0.0.0:25, [::1]:465: the port is in use",
  ],
  ["EMFILE", { port: 1 }, "cannot listen on 0.0.0.0:1: from the system"],
])("a system that says %s to %j is explained", (code, options, line) => {
  const error = Object.assign(new Error("from the system"), code === undefined ? {} : { code });
  expect(listenFailure(error, options).message).toStartWith(line);
});
