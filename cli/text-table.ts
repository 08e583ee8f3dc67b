/** Rows as aligned columns, a line each; `paint` may add what has no width, such as a colour, to an aligned cell. */
export function tableLines(
  rows: readonly (readonly string[])[],
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row, index) =>
    row
      .map((cell, column) => paint(cell.padEnd(widths[column]!), index, column))
      .join('  ')
      .trimEnd(),
  );
}

/** For a cell that would be empty. */
export function orDash(text: string): string {
  return text === '' ? '-' : text;
}
