import { createDynamoClient, queryAllRows } from "../lambdas/adapters/dynamo.ts";
import { createEntryStore } from "../lambdas/adapters/entry-store.ts";
import { createJournalStore } from "../lambdas/adapters/journal-store.ts";
import { createWorkspaceScan } from "../lambdas/adapters/workspace-scan.ts";
import type { Page } from "../lambdas/core/page.ts";
import { RECEIPT_PREFIX, receiptSchema } from "../lambdas/core/receipt.ts";
import type { EntryStore, JournalStore } from "../lambdas/core/stores.ts";
import { REGISTRY } from "../lambdas/core/table-schema.ts";
import { createJournalVerifier, type Finding, verifyEntry } from "../lambdas/core/verify-journal.ts";
import type { StackAccess } from "./stack-access.ts";

const PAGES_A_READ = 25;

interface Totals {
  pages: number;
  events: number;
  receipts: number;
  findings: number;
}

/** Verifies the journal of one workspace or of all and prints a line for each; answers whether all of them hold. */
export async function verifyJournalOf(
  stack: StackAccess,
  workspace: string | undefined,
  print: (line: string) => void,
): Promise<boolean> {
  const client = createDynamoClient();
  const journal = createJournalStore(client, stack.output("JournalTable"));
  const entries = createEntryStore(client, stack.output("EventsTable"));
  const registry = stack.output("RegistryTable");
  const workspaces = workspace === undefined ? await allWorkspaces(client, registry) : [workspace];
  let findings = 0;
  for (const each of workspaces) {
    const receipts = await queryAllRows(
      client,
      registry,
      {
        KeyConditionExpression: "#workspace = :workspace AND begins_with(#item, :receipts)",
        ExpressionAttributeNames: { "#workspace": REGISTRY.workspace, "#item": REGISTRY.item },
        values: { ":workspace": each, ":receipts": RECEIPT_PREFIX },
      },
      receiptSchema,
    );
    const report = (finding: Finding): void => print(`  ✗ ${each} ${describeFinding(finding)}`);
    const verifier = createJournalVerifier(receipts);
    const totals = await verifyPages(each, { journal, entries, verifier, clock: stack.clock, report });
    findings += totals.findings;
    print(describeTotals(each, { ...totals, receipts: receipts.length }));
  }
  print(describeEnd(workspaces.length, findings, stack.label));
  return findings === 0;
}

async function allWorkspaces(
  client: ReturnType<typeof createDynamoClient>,
  registry: string,
): Promise<string[]> {
  const all: string[] = [];
  for await (const ids of createWorkspaceScan(client, registry).all()) all.push(...ids);
  return all.toSorted();
}

interface Verification {
  journal: JournalStore;
  entries: EntryStore;
  verifier: ReturnType<typeof createJournalVerifier>;
  clock: StackAccess["clock"];
  report: (finding: Finding) => void;
}

async function verifyPages(workspace: string, verification: Verification): Promise<Omit<Totals, "receipts">> {
  const { journal, verifier, report } = verification;
  const totals = { pages: 0, events: 0, findings: 0 };
  let pages = await journal.readPagesFrom(workspace, 1, PAGES_A_READ);
  for (;;) {
    for (const page of pages) {
      const findings = [...verifier.add(page), ...(await verifyEntries(page, verification))];
      for (const finding of findings) report(finding);
      totals.pages += 1;
      totals.events += page.entries.reduce((sum, { count }) => sum + count, 0);
      totals.findings += findings.length;
    }
    const last = pages.at(-1);
    if (last === undefined) return totals;
    pages = await journal.readPagesFrom(workspace, last.page + 1, PAGES_A_READ);
  }
}

async function verifyEntries(page: Page, { entries, clock }: Verification): Promise<Finding[]> {
  const stored = await entries.readEntries(page.workspace, page.entries);
  return page.entries.flatMap(
    (reference) => verifyEntry(page.page, reference, stored.get(reference.entry), clock()) ?? [],
  );
}

function describeFinding({ kind, page, toPage, entry }: Finding): string {
  const pages = toPage === undefined || toPage === page ? `page ${page}` : `pages ${page} to ${toPage}`;
  return `${pages}: ${kind.replace("-", " ")}${entry === undefined ? "" : ` (${entry})`}`;
}

function describeTotals(workspace: string, { pages, events, receipts, findings }: Totals): string {
  const mark = findings === 0 ? "✓" : "✗";
  const purged = receipts === 0 ? "" : `, ${receipts} purge receipts`;
  return `${mark} ${workspace}  ${pages} pages, ${events} events${purged}, ${findings} findings`;
}

function describeEnd(workspaces: number, findings: number, label: string): string {
  return findings === 0
    ? `The journals of ${workspaces} workspaces of ${label} are whole.`
    : `${findings} findings in the journals of ${workspaces} workspaces of ${label}.`;
}
