import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The kinds of faults, grouped by their cause or target. */
export const FAULT_KINDS = {
  calls: ["die-before", "die-after", "zombie", "answer-lost", "late"],
  "stream batches": ["twice", "overlapping", "late", "never"],
  wakeUps: ["twice", "overlapping", "late", "never"],
  kills: ["at work", "at start", "rewinding"],
  posts: ["repeated"],
  receivers: [
    "500",
    "429",
    "redirect",
    "413",
    "hang",
    "reset",
    "close-mid-request",
    "bad-certificate",
    "endless-503",
    "close-mid-answer-taken",
    "drip-taken",
    "endless-taken",
    "drop-taken",
  ],
} as const;

export type FaultGroup = keyof typeof FAULT_KINDS;

/** A fault that happened. `where` holds the names that identify its target, as they were passed to `Chance`. */
export interface HappenedFault {
  group: FaultGroup;
  kind: string;
  where: string;
}

export type FaultCounts = Record<FaultGroup, Record<string, number>>;

/**
 * Creates a function that appends a fault to the log. Several processes write to the same file and one of them is
 * killed, so each line is written at once and whole.
 */
export function createFaultLog(dir: string): (fault: HappenedFault) => void {
  const file = faultLogFile(dir);
  return (fault) => appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...fault })}\n`);
}

export function faultLogFile(dir: string): string {
  return join(dir, "faults.ndjson");
}

/** Counts each kind of fault, including those that never happened. */
export function countFaults(dir: string): FaultCounts {
  const counts = Object.fromEntries(
    Object.entries(FAULT_KINDS).map(([group, kinds]) => [
      group,
      Object.fromEntries(kinds.map((kind) => [kind, 0])),
    ]),
  ) as FaultCounts;
  for (const line of readLog(dir).split("\n")) {
    if (line === "") continue;
    const { group, kind } = JSON.parse(line) as HappenedFault;
    counts[group][kind] = (counts[group][kind] ?? 0) + 1;
  }
  return counts;
}

/** The file is missing until a fault happens. */
function readLog(dir: string): string {
  try {
    return readFileSync(faultLogFile(dir), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** The fault counts in one line. */
export function describeFaults(counts: FaultCounts): string {
  const groups = Object.entries(counts).map(
    ([group, kinds]) =>
      `${group}: ${Object.entries(kinds)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(", ")}`,
  );
  return `done: ${groups.join("; ")}`;
}
