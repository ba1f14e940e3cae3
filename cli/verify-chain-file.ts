import * as z from "zod";
import { parseJson } from "../lambdas/core/base/json.ts";
import { type ChainReport, verifyChain } from "../lambdas/core/proof/verify-chain.ts";
import { CliError } from "./cli-error.ts";
import { counted } from "./output.ts";
import { type DeliveryLog, isOnRecord, lookUpBeginning, lookUpGap, takenAfter } from "./delivery-log-of.ts";
import { readText } from "./read-text.ts";
import {
  describeBeginning,
  describeFinding,
  describeLanes,
  describeUnkept,
  describeUnreadable,
  describeVerdict,
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
  proof: ChainProof,
  print: (line: string) => void,
): Promise<boolean> {
  const { secrets, after, logs } = proof;
  const kept = files.flatMap((file) => readRequests(file, files.length > 1));
  if (kept.length === 0)
    throw new CliError(
      `There is no request in ${files.join(", ")}, so nothing is proved. Is it the right file?`,
    );
  const report = verifyChain(kept, secrets, after);
  const [begun, missing] = [await judgeBeginnings(report, proof), await judgeMissing(report, proof)];
  const onRecord = [...begun.onRecord, ...missing.onRecord];
  const faults = [...judgeFile(report, kept, logs.length > 0), ...begun.lost, ...missing.lost];
  faults.push(...(await judgeEnds(report, logs)));
  for (const line of describeLanes(report.lanes)) print(line);
  for (const line of onRecord) print(`  · ${line}`);
  for (const fault of faults) print(`  ✗ ${fault}`);
  for (const hint of hintsOf(report, secrets, { hasLogs: logs.length > 0, isBegun: begun.lost.length === 0 }))
    print(hint);
  const isWhole = faults.length === 0;
  print(isWhole ? describeVerdict(report.lanes, onRecord.length) : `${counted(faults.length, "finding")}.`);
  return isWhole;
}

/** What the files say themselves. */
function judgeFile({ findings }: ChainReport, kept: readonly KeptLine[], hasLogs: boolean): string[] {
  const inChains = findings.filter(({ kind }) => kind !== "missing" || !hasLogs);
  return [
    ...describeUnreadable(findings, kept),
    ...inChains.flatMap((finding) => describeFinding(finding, kept)),
  ];
}

/** Numbers that are not there, as lines: those that a log excuses, and the others. */
interface Judgement {
  onRecord: string[];
  lost: string[];
}

/** Beginnings in the middle, and what was said to come before them. */
async function judgeBeginnings(
  { lanes, unfollowed }: ChainReport,
  { logs, after }: ChainProof,
): Promise<Judgement> {
  const judgement: Judgement = { onRecord: [], lost: [] };
  const followed = new Set<string>();
  for (const chain of lanes.filter(({ isWhole }) => !isWhole)) {
    const found = await lookUpBeginning(chain, logs, after);
    if (found === undefined) judgement.lost.push(describeBeginning(chain, lanes));
    else followed.add(found.after);
    judgement.onRecord.push(...(found?.closed ?? []).map(describeUnkept));
  }
  for (const id of unfollowed) if (!followed.has(id)) judgement.lost.push(`nothing here goes on after ${id}`);
  return judgement;
}

/** What the logs say of the gaps. */
async function judgeMissing({ findings }: ChainReport, { logs }: ChainProof): Promise<Judgement> {
  const judgement: Judgement = { onRecord: [], lost: [] };
  if (logs.length === 0) return judgement;
  for (const finding of findings.filter(({ kind }) => kind === "missing"))
    for (const unkept of await lookUpGap(finding, logs))
      judgement[isOnRecord(unkept) ? "onRecord" : "lost"].push(describeUnkept(unkept));
  return judgement;
}

/** What the logs say of the time after the last line. */
async function judgeEnds({ lanes }: ChainReport, logs: readonly DeliveryLog[]): Promise<string[]> {
  const faults: string[] = [];
  for (const chain of lanes) {
    const later = await takenAfter(chain, logs);
    const newest = later.at(-1);
    if (newest === undefined) continue;
    const many = counted(later.length, "delivery", "deliveries");
    faults.push(
      `${labelOf(chain, lanes)} ends at #${chain.last}: the receiver took ${many} after it, up to #${newest.number} (${newest.id})`,
    );
  }
  return faults;
}

/** What to do about it, each once. */
function hintsOf(
  { lanes, findings }: ChainReport,
  secrets: readonly string[],
  { hasLogs, isBegun }: { hasLogs: boolean; isBegun: boolean },
): string[] {
  const has = (wanted: string): boolean => findings.some(({ kind }) => kind === wanted);
  const hints: [boolean, string][] = [
    [
      (has("missing") || !isBegun) && !hasLogs,
      "A number may have closed without a 2xx: split after a 413, cut anew, expired or skipped. --workspace and --destination look it up.",
    ],
    [
      !isBegun,
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
