/** workerd, the runtime of Cloudflare Workers, with a worker in it. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { freePort, listening, scratch } from "../clients/scratch.ts";

const here = fileURLToPath(new URL("./", import.meta.url));

/** The program, if it is installed. */
export const workerd: string = fileURLToPath(
  new URL(`../../node_modules/@cloudflare/workerd-${process.platform}-${arch()}/bin/workerd`, import.meta.url),
);
export const available: boolean = existsSync(workerd);

function arch(): string {
  return process.arch === "x64" ? "64" : process.arch;
}

/** Bundles the app for workerd; Node's modules are those that the platform brings along. */
async function bundle(): Promise<string> {
  const built = await Bun.build({
    entrypoints: [`${here}workerd_app.ts`],
    target: "browser",
    conditions: ["workerd", "worker", "browser"],
    plugins: [{
      name: "platform modules",
      setup(build) {
        build.onResolve(
          { filter: /^[a-z:_/]+$/ },
          ({ path }) => isBuiltin(path) ? { path: path.replace(/^node:/, ""), namespace: "platform" } : undefined,
        );
        build.onLoad({ filter: /./, namespace: "platform" }, ({ path }) => ({
          contents: `module.exports = process.getBuiltinModule("node:${path}");`,
          loader: "js",
        }));
      },
    }],
  });
  return await built.outputs[0]!.text();
}

const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "app", worker = (
      modules = [(name = "app.js", esModule = embed "app.js")],
      compatibilityDate = "2025-09-01", compatibilityFlags = ["nodejs_compat"])),
    (name = "driver", worker = (
      modules = [(name = "driver.js", esModule = embed "driver.js")],
      compatibilityDate = "2025-09-01",
      bindings = [(name = "APP", service = "app")])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:PORT", http = (), service = "driver")]
);
`;

/** A running workerd. */
export interface Workerd extends AsyncDisposable {
  readonly url: string;
  readonly modules: readonly string[];
  /** What it said on stderr. */
  output(): string;
}

/** Starts it with the test's app in it, on 127.0.0.1. It is killed after a minute, should nobody stop it. */
export async function startWorkerd(): Promise<Workerd> {
  const folder = await scratch("workerd");
  const port = await freePort();
  const source = await bundle();
  await folder.write("app.js", source);
  await folder.write("driver.js", await Bun.file(`${here}workerd_driver.js`).text());
  const path = await folder.write("config.capnp", config.replace("PORT", `${port}`));
  const child = spawn(workerd, ["serve", path, "--experimental"], { timeout: 60_000, killSignal: "SIGKILL" });
  let output = "";
  child.stderr.on("data", (chunk) => output += chunk);
  const closed = new Promise((resolve) => child.once("close", resolve));
  await Promise.race([
    listening(port),
    closed.then(() => Promise.reject(new Error(`workerd did not start: ${output}`))),
  ]);
  return {
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    modules: [...source.matchAll(/getBuiltinModule\("([^"]+)"\)/g)].map((match) => match[1]!),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
      await folder[Symbol.asyncDispose]();
    },
  };
}
