/** A figure beside what it should be. */
export interface Figure {
  bench: string;
  figure: string;
  value: string;
  target: string;
  met: boolean;
}

/** The value that `share` of the values are below; `NaN` of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** What a process ends with: 1 when a figure misses its target, or when there is none. */
export function exitCodeOf(figures: readonly Figure[]): 0 | 1 {
  return figures.length > 0 && figures.every(({ met }) => met) ? 0 : 1;
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
