import { test } from "bun:test";

/** One test for each row of a table, named by what is proven and by the row, however long its strings are. */
export function each<T extends readonly unknown[]>(
  proven: string,
  rows: readonly T[],
  prove: (...row: T) => void,
): void {
  for (const row of rows) test(`${proven}: ${row.map(brief).join(" -> ")}`, () => prove(...row));
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? `${value}`;
  return text.length <= 80 ? text : `${text.slice(0, 60)}… (${text.length} characters)`;
}
