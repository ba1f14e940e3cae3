import { readFileSync } from "node:fs";
import * as z from "zod";
import { type ChainReport, verifyChain } from "../lambdas/core/delivery/verify-chain.ts";
import { CliError } from "./cli-error.ts";
import { type DeliveryLog, lookUpGap, takenAfter } from "./delivery-log-of.ts";
import {
  countOf,
  describeBeginning,
  describeFinding,
  describeLanes,
  describeUnkept,
  describeUnreadable,
  describeVerdict,
  isOnRecord,
  type KeptLine,
  labelOf,
} from "./describe-chain.ts";

const keptSchema = z.object({
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  path: z.string().optional(),
});

export interface ChainProof {
  secrets: readonly string[];
  /** Ids of deliveries that the files go on after. */
  after: readonly string[];
  /** Opened before the files are read, so that what a receiver keeps before it answers is in the files. */
  logs: readonly DeliveryLog[];
}

/** Verifies files of kept requests, the oldest first, and prints what it found; answers whether everything holds. */
export async function verifyChainFiles(
  files: readonly string[],
  { secrets, after, logs }: ChainProof,
  print: (line: string) => void,
): Promise<boolean> {
  const kept = files.flatMap((file) => readRequests(file, files.length > 1));
  if (kept.length === 0)
    throw new CliError(
      `There is no request in ${files.join(", ")}, so nothing is proved. Is it the right file?`,
    );
  const report = verifyChain(kept, secrets, after);
  const { onRecord, lost } = await judgeMissing(report, logs);
  const faults = [...judgeFile(report, kept, logs.length > 0), ...lost, ...(await judgeEnds(report, logs))];
  for (const line of describeLanes(report.lanes)) print(line);
  for (const line of onRecord) print(`  · ${line}`);
  for (const fault of faults) print(`  ✗ ${fault}`);
  for (const hint of hintsOf(report, secrets, logs.length > 0)) print(hint);
  print(
    faults.length === 0
      ? describeVerdict(report.lanes, onRecord.length)
      : `${countOf(faults.length, "finding")}.`,
  );
  return faults.length === 0;
}

/** What the files say themselves. */
function judgeFile(
  { lanes, findings, unfollowed }: ChainReport,
  kept: readonly KeptLine[],
  hasLogs: boolean,
): string[] {
  return [
    ...describeUnreadable(findings, kept),
    ...lanes.filter(({ isWhole }) => !isWhole).map((chain) => describeBeginning(chain, lanes)),
    ...unfollowed.map((id) => `nothing here goes on after ${id}`),
    ...findings
      .filter(({ kind }) => kind !== "missing" || !hasLogs)
      .flatMap((finding) => describeFinding(finding, kept)),
  ];
}

/** What the logs say of the gaps. */
async function judgeMissing(
  { findings }: ChainReport,
  logs: readonly DeliveryLog[],
): Promise<{ onRecord: string[]; lost: string[] }> {
  const [onRecord, lost]: [string[], string[]] = [[], []];
  if (logs.length === 0) return { onRecord, lost };
  for (const finding of findings.filter(({ kind }) => kind === "missing"))
    for (const one of await lookUpGap(finding, logs))
      (isOnRecord(one) ? onRecord : lost).push(describeUnkept(one));
  return { onRecord, lost };
}

/** What the logs say of the time after the last line. */
async function judgeEnds({ lanes }: ChainReport, logs: readonly DeliveryLog[]): Promise<string[]> {
  const faults: string[] = [];
  for (const chain of lanes) {
    const later = await takenAfter(chain, logs);
    const newest = later.at(-1);
    if (newest === undefined) continue;
    const many = countOf(later.length, "delivery", "deliveries");
    faults.push(
      `${labelOf(chain, lanes)} ends at #${chain.last}: the receiver took ${many} after it, up to #${newest.number} (${newest.id})`,
    );
  }
  return faults;
}

/** What to do about it, each once. */
function hintsOf({ lanes, findings }: ChainReport, secrets: readonly string[], hasLogs: boolean): string[] {
  const has = (wanted: string): boolean => findings.some(({ kind }) => kind === wanted);
  const hints: [boolean, string][] = [
    [
      has("missing") && !hasLogs,
      "A number may have closed without a 2xx: split after a 413, cut anew, expired or skipped. --workspace and --destination look it up.",
    ],
    [
      lanes.some(({ isWhole }) => !isWhole),
      "Give the file before it as the first --chain, or say by --after which delivery you have up to where.",
    ],
    [
      has("bad-signature"),
      "Each destination has a secret of its own, and a new one after a rotation: give all of them, each by --secret.",
    ],
    [
      secrets.length === 0 && has("double-number"),
      "Are there several destinations in the file? Give their secrets, or keep the request's `path` with each line.",
    ],
    [secrets.length === 0, "Signatures were not checked: give the destination's secret by --secret."],
    ...secrets.map((_, place): [boolean, string] => [
      !lanes.some(({ signers }) => signers.includes(place)),
      `Secret ${place + 1} signed none of it.`,
    ]),
  ];
  return hints.flatMap(([applies, hint]) => (applies ? [hint] : []));
}

function readRequests(file: string, isOneOfMany: boolean): KeptLine[] {
  return readText(file)
    .split("\n")
    .flatMap((line, index) => {
      if (line.trim() === "") return [];
      const parsed = keptSchema.safeParse(parseJson(line));
      const where = isOneOfMany ? `${file}:${index + 1}` : `line ${index + 1}`;
      if (parsed.success) return [{ ...parsed.data, where }];
      throw new CliError(`Line ${index + 1} of ${file} is not { "headers": {…}, "body": "…" }.`);
    });
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new CliError(`Cannot read ${file}.`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
