/** Figures as Markdown. */

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A table in Markdown: the first column to the left, the others to the right, in columns of equal width. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(3, title.length, ...rows.map((row) => (row[at] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, at) => pad(cells[at] ?? "", width, at)).join(" | ")} |`;
  const rule = `| ${
    widths.map((width, at) => at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`).join(" | ")
  } |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** A whole number with blanks between thousands. */
export function whole(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(?:\d{3})+$)/g, " ");
}

/** `1.23`; a dash where there is nothing to compare with. */
export function ratio(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(2);
}

/** Octets as KiB or MiB. */
export function size(octets: number): string {
  return octets < 2 ** 20 ? `${(octets / 1024).toFixed(1)} KiB` : `${(octets / 2 ** 20).toFixed(1)} MiB`;
}
