/** A measured figure and its target. */
export interface Figure {
  bench: string;
  figure: string;
  value: string;
  target: string;
  met: boolean;
}

/** The value below which this `share` of the values lies; `NaN` when there are no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Exit code of the process: 1 when a figure misses its target, or when there are no figures. */
export function exitCodeOf(figures: readonly Figure[]): 0 | 1 {
  return figures.length > 0 && figures.every(({ met }) => met) ? 0 : 1;
}

/** Creates a figure whose target is `atLeast` or `atMost`. */
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

/** Formats figures as a table with columns as wide as their content. */
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
