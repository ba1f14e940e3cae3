import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { toAttributes } from "../../lambdas/adapters/dynamo.ts";
import { createEntryStore } from "../../lambdas/adapters/entry-store.ts";
import { createJournalStore } from "../../lambdas/adapters/journal-store.ts";
import { appendToJournal } from "../../lambdas/core/journal/append-journal.ts";
import { buildEntry, referenceOf, sha256 } from "../../lambdas/core/entry/build-entry.ts";
import type { Workspace } from "../../lambdas/core/workspace/entitlement.ts";
import type { Entry } from "../../lambdas/core/entry/entry.ts";
import type { PostedEvent } from "../../lambdas/core/entry/event-schema.ts";
import { entryKeyOf } from "../../lambdas/core/base/ids.ts";
import { streamPosition } from "../../lambdas/core/journal/page.ts";
import type { LocalDynamo } from "./local-dynamo.ts";

export const ENVELOPES = { eventTypePrefix: "pro.atmos", sourceBaseUrl: "https://app.example.com" };

/** Records events as ingest and fan-out do, in the tables of a stand-in. Stream positions count up. */
export function createRecordedWorkspace(dynamo: LocalDynamo, clock: () => number) {
  const entries = createEntryStore(dynamo.client, "Events");
  const journal = createJournalStore(dynamo.client, "Journal");
  let sequence = 0;
  let journalled = 0;
  return {
    entries,
    journal,
    async put(row: Workspace): Promise<void> {
      await dynamo.client.send(new PutItemCommand({ TableName: "Registry", Item: toAttributes(row) }));
    },
    /** Records an entry that fan-out has not processed yet. */
    async store(workspace: string, events: PostedEvent[], keptDays = 365, shard = 0): Promise<Entry> {
      sequence++;
      const key = entryKeyOf(workspace, String(sequence));
      const request = {
        workspace,
        entry: key,
        shard,
        events,
        requestHash: sha256(key),
        trace: undefined,
        keptDays,
      };
      const built = buildEntry(request, clock(), ENVELOPES);
      if (!built.ok) throw new Error(built.problem.kind);
      await entries.putEntry(built.entry);
      return built.entry;
    },
    async journalise(entry: Entry): Promise<void> {
      const position = streamPosition("label", String((journalled += 1)));
      const record = { position, reference: referenceOf(entry) };
      await appendToJournal(entry.workspace, [record], { journal, entries, clock });
    },
    async record(...asked: Parameters<typeof this.store>): Promise<Entry> {
      const entry = await this.store(...asked);
      await this.journalise(entry);
      return entry;
    },
  };
}

export function postedEvent(changes: Partial<PostedEvent> = {}): PostedEvent {
  return { category: "team_member", action: "invited", actor: { type: "user", id: "usr_1" }, ...changes };
}
