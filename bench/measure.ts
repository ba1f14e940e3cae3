/** A figure beside what it should be. */
export interface Figure {
  bench: string;
  figure: string;
  value: string;
  target: string;
  met: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** `atLeast` or `atMost` is the target. */
export function figure(
  bench: string,
  name: string,
  value: number,
  unit: string,
  target: { atLeast: number } | { atMost: number },
): Figure {
  const met = "atLeast" in target ? value >= target.atLeast : value <= target.atMost;
  const bound = "atLeast" in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
  return {
    bench,
    figure: name,
    value: `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`,
    target: `${bound} ${unit}`,
    met,
  };
}

/** Figures as a table; columns as wide as they need to be. */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = [
    ["", "bench", "figure", "measured", "target"],
    ...figures.map(({ bench, figure: name, value, target, met }) => [
      met ? "✓" : "✗",
      bench,
      name,
      value,
      target,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
