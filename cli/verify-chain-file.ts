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
  /** Ids of the deliveries that directly precede the files' contents. */
  after: readonly string[];
  /**
   * Opened before the files are read. A receiver that stores a delivery before it answers therefore has every delivered
   * record in its files.
   */
  logs: readonly DeliveryLog[];
}

/** Verifies files of kept requests, the oldest first, and prints the findings. Returns true if everything holds. */
export async function verifyChainFiles(
  files: readonly string[],
  proof: ChainProof,
  print: (line: string) => void,
): Promise<boolean> {
  const { secrets, after, logs } = proof;
  const kept = files.flatMap((file) => readRequests(file, files.length > 1));
  if (kept.length === 0)
    throw new CliError(
      `${files.join(", ")} contains no requests, so nothing was verified. Is it the right file?`,
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

/** Lists findings that need no delivery log. */
function judgeFile({ findings }: ChainReport, kept: readonly KeptLine[], hasLogs: boolean): string[] {
  const inChains = findings.filter(({ kind }) => kind !== "missing" || !hasLogs);
  return [
    ...describeUnreadable(findings, kept),
    ...inChains.flatMap((finding) => describeFinding(finding, kept)),
  ];
}

/** Lines about missing numbers: those that a log accounts for, and the others. */
interface Judgement {
  onRecord: string[];
  lost: string[];
}

/** Judges lanes that begin after their first delivery, and the deliveries of `after` that nothing follows. */
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
  for (const id of unfollowed)
    if (!followed.has(id)) judgement.lost.push(`no delivery in the files follows ${id}`);
  return judgement;
}

/** Looks up the gaps in the logs. */
async function judgeMissing({ findings }: ChainReport, { logs }: ChainProof): Promise<Judgement> {
  const judgement: Judgement = { onRecord: [], lost: [] };
  if (logs.length === 0) return judgement;
  for (const finding of findings.filter(({ kind }) => kind === "missing"))
    for (const unkept of await lookUpGap(finding, logs))
      judgement[isOnRecord(unkept) ? "onRecord" : "lost"].push(describeUnkept(unkept));
  return judgement;
}

/** Finds deliveries that, by the logs, the receiver accepted after the last line of its files. */
async function judgeEnds({ lanes }: ChainReport, logs: readonly DeliveryLog[]): Promise<string[]> {
  const faults: string[] = [];
  for (const chain of lanes) {
    const later = await takenAfter(chain, logs);
    const newest = later.at(-1);
    if (newest === undefined) continue;
    const many = counted(later.length, "delivery", "deliveries");
    faults.push(
      `${labelOf(chain, lanes)} ends at #${chain.last}: the receiver accepted ${many} after it, up to #${newest.number} (${newest.id})`,
    );
  }
  return faults;
}

/** Lists advice on the findings, each piece once. */
function hintsOf(
  { lanes, findings }: ChainReport,
  secrets: readonly string[],
  { hasLogs, isBegun }: { hasLogs: boolean; isBegun: boolean },
): string[] {
  const has = (wanted: string): boolean => findings.some(({ kind }) => kind === wanted);
  const hints: [boolean, string][] = [
    [
      (has("missing") || !isBegun) && !hasLogs,
      "A delivery may have been closed without a 2xx: split after a 413, superseded, expired or skipped. Give --workspace and --destination to look it up.",
    ],
    [
      !isBegun,
      "Give the earlier file as the first --chain, or give the last delivery that you already have with --after.",
    ],
    [
      has("bad-signature"),
      "Each destination has a secret of its own, and a new one after a rotation: give all of them, each with --secret.",
    ],
    [
      secrets.length === 0 && has("double-number"),
      "Does the file contain several destinations? Give their secrets, or keep the request's `path` with each line.",
    ],
    [secrets.length === 0, "Signatures were not checked: give the destination's secret with --secret."],
    ...secrets.map((_, place): [boolean, string] => [
      !lanes.some(({ signers }) => signers.includes(place)),
      `Secret ${place + 1} signed none of the requests.`,
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
