/**
 * The house rule as a lint rule: imports point one way (CONTRIBUTING has the map).
 *
 * `protocol` <- `session` <- `app` <- the files of `src` itself <- `testing`, `cli` <- `adapters`; `middleware` sees `app`.
 */

/** What the files of a folder may import from, beside their own folder. Longest path first. */
const rooms: readonly { readonly room: string; readonly sees: readonly string[]; readonly isPure?: boolean }[] = [
  { room: "src/protocol/", sees: [], isPure: true },
  { room: "src/session/", sees: ["src/protocol/", "src/sasl/", "src/socket.ts", "src/timer.ts"], isPure: true },
  { room: "src/sasl/", sees: [] },
  { room: "src/dns/", sees: ["src/timer.ts"] },
  { room: "src/spf/", sees: ["src/dns/"] },
  { room: "src/mx/", sees: ["src/dns/"] },
  { room: "src/spool/", sees: ["src/protocol/", "src/session/"] },
  { room: "src/app/", sees: ["src/protocol/", "src/session/", "src/sasl/", "src/socket.ts"] },
  { room: "src/middleware/", sees: ["src/"] },
  { room: "src/testing/", sees: ["src/"] },
  { room: "src/forward/", sees: ["src/"] },
  { room: "src/cloudflare/", sees: ["src/"] },
  { room: "src/embed/", sees: ["src/"] },
  { room: "src/operations/", sees: ["src/"] },
  { room: "src/cli/", sees: ["src/"] },
  { room: "src/", sees: ["src/"] },
  { room: "adapters/", sees: ["src/", "adapters/"] },
];

/** The folder of the repository, with its slash. */
const root = new URL("../", import.meta.url).pathname;

function problemOf(file: string, specifier: string): string | undefined {
  const path = file.startsWith(root) ? file.slice(root.length) : file;
  const found = rooms.find(({ room }) => path.startsWith(room));
  if (found === undefined) return undefined;
  const { room, sees, isPure } = found;
  if (!specifier.startsWith(".")) {
    const isRuntime = specifier.startsWith("node:") || specifier.startsWith("bun:");
    return isPure && isRuntime ? `${room} knows no runtime: it takes what it needs as an argument` : undefined;
  }
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  if (target.startsWith(room) || sees.some((seen) => target.startsWith(seen))) return undefined;
  return `${room} may not import ${target}: imports point from the outside in`;
}

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "import-direction": {
      create(context) {
        function check(node: Deno.lint.Node & { source?: { value?: unknown } | null }): void {
          const specifier = node.source?.value;
          if (typeof specifier !== "string") return;
          const message = problemOf(context.filename.replaceAll("\\", "/"), specifier);
          if (message !== undefined) context.report({ node, message });
        }
        return {
          ImportDeclaration: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
          ImportExpression: check,
          "Identifier[name=/^(?:Bun|Deno)$/]"(node: Deno.lint.Identifier): void {
            const path = context.filename.replaceAll("\\", "/").slice(root.length);
            if (!path.startsWith("src/protocol/") && !path.startsWith("src/session/")) return;
            context.report({ node, message: "protocol and session know no runtime" });
          },
        };
      },
    },
  },
};

export default plugin;
