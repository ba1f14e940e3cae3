import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createDynamoClient } from "../lambdas/adapters/aws-clients.ts";
import { isAnyStoredBefore } from "../lambdas/adapters/entry-search.ts";
import { createEntryStore } from "../lambdas/adapters/entry-store.ts";
import { createJournalStore } from "../lambdas/adapters/journal-store.ts";
import { createPurgeStore } from "../lambdas/adapters/purge-store.ts";
import { createReceiptStore } from "../lambdas/adapters/receipt-store.ts";
import { createWorkspaceScan } from "../lambdas/adapters/workspace-scan.ts";
import { createWorkspaceReader } from "../lambdas/adapters/workspace-store.ts";
import type { Workspace } from "../lambdas/core/workspace/entitlement.ts";
import type { Page } from "../lambdas/core/journal/page.ts";
import type { LanePosition } from "../lambdas/core/lane/row-schema.ts";
import type { WorkspaceReader } from "../lambdas/core/workspace/workspace-store.ts";
import type { JournalStore } from "../lambdas/core/journal/journal-store.ts";
import type { EntryStore } from "../lambdas/core/entry/entry-store.ts";
import {
  createJournalVerifier,
  type Finding,
  mayHaveExpired,
  verifyEntry,
} from "../lambdas/core/proof/verify-journal.ts";
import { toTimestamp } from "../lambdas/core/base/clock.ts";
import { CliError } from "./cli-error.ts";
import { PurgeWatch, type PurgeWitnesses } from "./watch-purge.ts";
import { counted } from "./output.ts";
import type { StackAccess } from "./stack-access.ts";

const PAGES_A_READ = 25;

interface Totals {
  pages: number;
  events: number;
  receipts: number;
  findings: number;
}

/** Verifies the journal of one workspace or of all and prints a line for each. Returns true if all of them hold. */
export async function verifyJournalOf(
  stack: StackAccess,
  workspace: string | undefined,
  print: (line: string) => void,
): Promise<boolean> {
  const client = createDynamoClient();
  const tables = openTables(client, stack);
  const ids = workspace === undefined ? await allWorkspaces(client, tables.registry) : [workspace];
  let findings = 0;
  for (const id of ids) {
    const row = await tables.workspaces.readWorkspace(id);
    if (row === undefined) throw new CliError(`${stack.label} has no workspace ${id}.`);
    const report = (finding: Finding): void => print(`  ✗ ${id} ${describeFinding(finding)}`);
    const totals = await verifyWorkspace(row, tables, stack.clock, report);
    findings += totals.findings;
    print(describeTotals(id, totals));
  }
  print(describeEnd(ids.length, findings, stack.label));
  return findings === 0;
}

interface Tables extends PurgeWitnesses {
  registry: string;
  workspaces: WorkspaceReader;
  journal: JournalStore;
  entries: EntryStore;
  lanePositions(workspace: string): Promise<LanePosition[]>;
  isAnyStoredBefore(workspace: string, time: string): Promise<boolean>;
}

function openTables(client: DynamoDBClient, stack: StackAccess): Tables {
  const journal = stack.output("JournalTable");
  const events = stack.output("EventsTable");
  const registry = stack.output("RegistryTable");
  const receipts = stack.output("ReceiptsTable");
  const { lanePositions, readState } = createPurgeStore(client, { events, journal, registry, receipts });
  return {
    registry,
    workspaces: createWorkspaceReader(client, registry),
    journal: createJournalStore(client, journal),
    entries: createEntryStore(client, events),
    lanePositions,
    readState,
    isAnyStoredBefore: (workspace, time) => isAnyStoredBefore(client, events, workspace, time),
    ...createReceiptStore(client, receipts),
  };
}

async function allWorkspaces(client: DynamoDBClient, registry: string): Promise<string[]> {
  const all: string[] = [];
  for await (const ids of createWorkspaceScan(client, registry).all()) all.push(...ids);
  return all.toSorted();
}

/**
 * Verifies one workspace. Reads the lanes and the purge's row before the first page, because fan-out and a purge may be
 * running.
 */
async function verifyWorkspace(
  row: Workspace,
  tables: Tables,
  clock: StackAccess["clock"],
  report: (finding: Finding) => void,
): Promise<Totals> {
  const { workspace } = row;
  const totals = { pages: 0, events: 0, receipts: 0, findings: 0 };
  const count = (findings: readonly Finding[]): void => {
    for (const finding of findings) report(finding);
    totals.findings += findings.length;
  };
  const before = {
    state: await tables.readState(workspace),
    lanes: await tables.lanePositions(workspace),
  };
  const purged = new PurgeWatch(row, tables, clock);
  const verifier = createJournalVerifier();
  const learn = async (): Promise<void> => {
    await purged.look();
    verifier.learn(purged.receipts);
  };
  await learn();
  for await (const page of pagesOf(workspace, tables.journal, learn)) {
    count(verifier.add(page));
    count(await verifyEntriesOf(page, row, tables.entries, purged, clock()));
    totals.pages += 1;
    totals.events += page.entries.reduce((sum, entry) => sum + entry.count, 0);
  }
  count(await purged.findings());
  verifier.learn(purged.receipts);
  const lost = verifier.end(before);
  count(lost);
  if (
    totals.pages === 0 &&
    lost.length === 0 &&
    (await tables.isAnyStoredBefore(workspace, hourAgo(clock())))
  )
    count([{ kind: "lost-end", page: 1 }]);
  return { ...totals, receipts: purged.receipts.length };
}

/** Fan-out has journalled an event within an hour of its recording. */
function hourAgo(now: number): string {
  return toTimestamp(now - 3_600_000);
}

/** Yields the pages in order and awaits `onGap` before a page that does not directly follow the previous one. */
async function* pagesOf(
  workspace: string,
  journal: JournalStore,
  onGap: () => Promise<void>,
): AsyncGenerator<Page> {
  let next = 1;
  for (;;) {
    const pages = await journal.readPagesFrom(workspace, next, PAGES_A_READ);
    if (pages.length === 0) return;
    for (const page of pages) {
      if (page.page !== next) await onGap();
      yield page;
      next = page.page + 1;
    }
  }
}

/**
 * Returns the findings about a page's entries. Missing entries that a purge explains, also one that began meanwhile,
 * are not findings.
 */
async function verifyEntriesOf(
  page: Page,
  row: Workspace,
  entries: EntryStore,
  purged: PurgeWatch,
  now: number,
): Promise<Finding[]> {
  const stored = await entries.readEntries(page.workspace, page.entries);
  const findings = page.entries.flatMap((reference) => {
    const entry = stored.get(reference.entry);
    const finding = verifyEntry(page.page, reference, entry, mayHaveExpired(reference, row, now));
    if (entry !== undefined && finding === undefined) purged.note(entry);
    return finding ?? [];
  });
  const isMissing = findings.some(({ kind }) => kind === "missing-entry");
  const isExplained = await purged.explains(page, isMissing);
  return findings.filter(({ kind }) => kind !== "missing-entry" || !isExplained);
}

function describeFinding({ kind, page, toPage, entry }: Finding): string {
  const pages = toPage === undefined || toPage === page ? `page ${page}` : `pages ${page} to ${toPage}`;
  return `${pages}: ${kind.replace("-", " ")}${entry === undefined ? "" : ` (${entry})`}`;
}

function describeTotals(workspace: string, { pages, events, receipts, findings }: Totals): string {
  const mark = findings === 0 ? "✓" : "✗";
  const purged = receipts === 0 ? "" : `, ${counted(receipts, "purge receipt")}`;
  return `${mark} ${workspace}  ${counted(pages, "page")}, ${counted(events, "event")}${purged}, ${counted(findings, "finding")}`;
}

function describeEnd(workspaces: number, findings: number, label: string): string {
  const journals = `${workspaces === 1 ? "journal" : "journals"} of ${counted(workspaces, "workspace")} of ${label}`;
  if (findings > 0) return `${counted(findings, "finding")} in the ${journals}.`;
  return `The ${journals} ${workspaces === 1 ? "is" : "are"} complete.`;
}
