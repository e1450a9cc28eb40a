/**
 * Ends the programs that a test process leaves behind, even when it was killed and could not do so itself: a shell
 * that knows their process groups waits for its standard input to close.
 *
 * @module
 */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Socket } from "node:net";

// Not the kernel's own parent-death signal: it is forgotten when a program changes its user, as mail servers do.
const script = `
groups=
while read -r verb group; do
  case $verb in
    watch) groups="$groups $group" ;;
    forget)
      others=
      for other in $groups; do [ "$other" = "$group" ] || others="$others $other"; done
      groups=$others ;;
  esac
done
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
`;

let shell: ChildProcessWithoutNullStreams | undefined;

/** Kills a process group when this process has ended, however it ended. */
export function watch(group: number): void {
  tell(`watch ${group}`);
}

/** The group has ended by itself. */
export function forget(group: number): void {
  tell(`forget ${group}`);
}

function tell(line: string): void {
  shell ??= hire();
  shell.stdin.write(`${line}\n`);
}

function hire(): ChildProcessWithoutNullStreams {
  // In a group of its own: what kills this process's group must not kill it.
  const child = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  child.unref();
  (child.stdin as Socket).unref?.();
  child.stdin.on("error", () => {});
  return child as unknown as ChildProcessWithoutNullStreams;
}
