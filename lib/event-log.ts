import { AttributeType, StreamViewType } from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import { EVENTS, JOURNAL, QUARANTINE } from "../lambdas/core/base/table-schema.ts";
import type { Deployment } from "./deployment.ts";
import { ProtectedTable } from "./protected-table.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

/** What was recorded: entries, the journal that gives them their order, and the records that could not join it. */
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

  /** Record an entry; a refused put answers what an idempotency key recorded before. */
  grantRecord(fn: TrailcastFunction): void {
    this.onEvents(fn, ["dynamodb:PutItem"]);
  }

  grantReadEntries(fn: TrailcastFunction): void {
    this.onEvents(fn, ["dynamodb:BatchGetItem"]);
  }

  grantReadJournal(fn: TrailcastFunction): void {
    this.onJournal(fn, ["dynamodb:GetItem", "dynamodb:Query"]);
  }

  /** Append pages. Only fan-out and the redrive of quarantine do. */
  grantAppend(fn: TrailcastFunction): void {
    this.onJournal(fn, ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"]);
  }

  /** Set records aside. */
  grantQuarantine(fn: TrailcastFunction): void {
    this.onQuarantine(fn, ["dynamodb:PutItem"]);
  }

  /** Take records out of quarantine. */
  grantRedrive(fn: TrailcastFunction): void {
    this.onQuarantine(fn, ["dynamodb:Scan", "dynamodb:DeleteItem"]);
  }

  /** Let entries expire later. */
  grantExtend(fn: TrailcastFunction): void {
    this.onEvents(fn, ["dynamodb:UpdateItem"]);
  }

  /** Say how many records are set aside. */
  grantCountQuarantine(fn: TrailcastFunction): void {
    this.onQuarantine(fn, ["dynamodb:Scan"]);
  }

  /** Remove and extend entries, remove pages. Only the purge does. */
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
