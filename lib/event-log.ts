import { AttributeType, StreamViewType } from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import { EVENTS, JOURNAL, QUARANTINE } from "../lambdas/core/base/table-schema.ts";
import type { Deployment } from "./deployment.ts";
import { ProtectedTable } from "./protected-table.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

/**
 * Everything recorded: the entries, the journal that orders them, and the quarantine of records that could not be
 * journalled.
 */
export class EventLog extends Construct {
  readonly events: ProtectedTable;
  readonly journal: ProtectedTable;
  readonly quarantine: ProtectedTable;

  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id);
    this.events = new ProtectedTable(this, "Events", deployment, {
      partitionKey: [EVENTS.partition, AttributeType.STRING],
      sortKey: [EVENTS.entry, AttributeType.STRING],
      timeToLiveAttribute: EVENTS.ttl,
      stream: StreamViewType.NEW_IMAGE,
    });
    this.journal = new ProtectedTable(this, "Journal", deployment, {
      partitionKey: [JOURNAL.workspace, AttributeType.STRING],
      sortKey: [JOURNAL.page, AttributeType.NUMBER],
    });
    this.quarantine = new ProtectedTable(this, "Quarantine", deployment, {
      partitionKey: [QUARANTINE.label, AttributeType.STRING],
      sortKey: [QUARANTINE.sequenceNumber, AttributeType.STRING],
    });
  }

  /** Allows recording entries. A refused put returns what the same idempotency key recorded before. */
  grantRecord(fn: TrailcastFunction): void {
    this.onEvents(fn, ["dynamodb:PutItem"]);
  }

  grantReadEntries(fn: TrailcastFunction): void {
    this.onEvents(fn, ["dynamodb:BatchGetItem"]);
  }

  grantReadJournal(fn: TrailcastFunction): void {
    this.onJournal(fn, ["dynamodb:GetItem", "dynamodb:Query"]);
  }

  /** Allows appending pages; for fan-out and the redrive of quarantine only. */
  grantAppend(fn: TrailcastFunction): void {
    this.onJournal(fn, ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"]);
  }

  /** Allows putting records into quarantine. */
  grantQuarantine(fn: TrailcastFunction): void {
    this.onQuarantine(fn, ["dynamodb:PutItem"]);
  }

  /** Allows taking records out of quarantine. */
  grantRedrive(fn: TrailcastFunction): void {
    this.onQuarantine(fn, ["dynamodb:Scan", "dynamodb:DeleteItem"]);
  }

  /** Allows extending the expiry of entries. */
  grantExtend(fn: TrailcastFunction): void {
    this.onEvents(fn, ["dynamodb:UpdateItem"]);
  }

  /** Allows counting the records in quarantine. */
  grantCountQuarantine(fn: TrailcastFunction): void {
    this.onQuarantine(fn, ["dynamodb:Scan"]);
  }

  /** Allows removing entries and pages and extending expiries; for the purge only. */
  grantPurge(fn: TrailcastFunction): void {
    this.grantExtend(fn);
    this.onEvents(fn, ["dynamodb:DeleteItem"]);
    this.onJournal(fn, ["dynamodb:DeleteItem"]);
  }

  private onEvents(fn: TrailcastFunction, actions: readonly string[]): void {
    fn.allow(actions, [this.events.tableArn]);
    fn.equip({ [ENV.eventsTable]: this.events.tableName });
  }

  private onJournal(fn: TrailcastFunction, actions: readonly string[]): void {
    fn.allow(actions, [this.journal.tableArn]);
    fn.equip({ [ENV.journalTable]: this.journal.tableName });
  }

  private onQuarantine(fn: TrailcastFunction, actions: readonly string[]): void {
    fn.allow(actions, [this.quarantine.tableArn]);
    fn.equip({ [ENV.quarantineTable]: this.quarantine.tableName });
  }
}
