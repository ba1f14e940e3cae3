import { Duration } from "aws-cdk-lib";
import { AttributeType } from "aws-cdk-lib/aws-dynamodb";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import { RECEIPTS } from "../lambdas/core/base/table-schema.ts";
import { Clockwork } from "./clockwork.ts";
import type { Deployment } from "./deployment.ts";
import type { DestinationSecrets } from "./destination-secrets.ts";
import { equipEvents, equipPlans, equipRetention } from "./equipment.ts";
import type { EventLog } from "./event-log.ts";
import type { OwnerBus } from "./owner-bus.ts";
import { ProtectedTable } from "./protected-table.ts";
import type { Registry } from "./registry.ts";
import { deadLetterQueue, SealedQueue } from "./sealed-queue.ts";
import { TrailcastFunction } from "./trailcast-function.ts";

interface RetentionParts {
  readonly eventLog: EventLog;
  readonly registry: Registry;
  readonly ownerBus: OwnerBus;
  readonly secrets: DestinationSecrets;
}

const PURGE_TIMEOUT_SECONDS = 300;
/** The next daily plan creates the task again, so three tries are enough. */
const PURGE_RECEIVES = 3;
/**
 * Number of workspaces purged concurrently: 10,000 with nothing to do take five minutes. A mapping cannot be limited to
 * less than two.
 */
const PURGE_CONCURRENCY = 2;

/**
 * The daily purge: one task for each workspace, so that it is not limited by the duration of one invocation and
 * survives the crash of one.
 */
export class Retention extends Construct {
  /** The proof of what was removed, kept for ever. */
  readonly receipts: ProtectedTable;
  readonly planFn: TrailcastFunction;
  readonly purgeFn: TrailcastFunction;
  readonly tasks: SealedQueue;
  /** Tasks for a legal hold or a larger plan, which must not wait behind the day's removals. */
  readonly urgent: SealedQueue;
  readonly dead: SealedQueue;

  constructor(scope: Construct, id: string, deployment: Deployment, parts: RetentionParts) {
    super(scope, id);
    this.receipts = new ProtectedTable(this, "Receipts", deployment, {
      partitionKey: [RECEIPTS.workspace, AttributeType.STRING],
      sortKey: [RECEIPTS.receipt, AttributeType.STRING],
    });
    this.dead = deadLetterQueue(this, "Dead", false);
    this.tasks = this.taskQueue("PurgeTasks");
    this.urgent = this.taskQueue("UrgentTasks");
    this.planFn = this.createPlan(deployment, parts);
    this.purgeFn = this.createPurge(deployment, parts);
    new Clockwork(this, "Daily", {
      expression: "cron(17 2 * * ? *)",
      fn: this.planFn,
      input: {},
      description: "Once a day, one purge task a workspace",
    });
  }

  private taskQueue(id: string): SealedQueue {
    return new SealedQueue(this, id, {
      visibilityTimeout: Duration.seconds(6 * PURGE_TIMEOUT_SECONDS),
      retentionPeriod: Duration.days(2),
      deadLetterQueue: { queue: this.dead, maxReceiveCount: PURGE_RECEIVES },
    });
  }

  private createPlan(deployment: Deployment, { registry }: RetentionParts): TrailcastFunction {
    const fn = new TrailcastFunction(this, "Plan", deployment, {
      entry: "plan-purge",
      description: "Queues a purge task for each workspace",
      timeoutSeconds: 300,
      memoryMegabytes: 256,
    });
    registry.grantScan(fn);
    this.grantTask(fn);
    return fn;
  }

  private createPurge(deployment: Deployment, parts: RetentionParts): TrailcastFunction {
    const fn = new TrailcastFunction(this, "Purge", deployment, {
      entry: "purge-workspace",
      description: "Removes what is past a workspace's retention, by receipt",
      timeoutSeconds: PURGE_TIMEOUT_SECONDS,
      callsItself: true,
      memoryMegabytes: 512,
    });
    parts.registry.grantPurge(fn);
    fn.allow(["dynamodb:PutItem", "dynamodb:DeleteItem"], [this.receipts.tableArn]);
    fn.equip({ [ENV.receiptsTable]: this.receipts.tableName });
    parts.eventLog.grantReadJournal(fn);
    parts.eventLog.grantRecord(fn);
    parts.eventLog.grantPurge(fn);
    parts.secrets.grantDelete(fn);
    parts.ownerBus.grantTell(fn);
    // A workspace that is not finished in time continues in a new task.
    this.grantTask(fn);
    equipEvents(fn, deployment);
    equipPlans(fn, deployment);
    equipRetention(fn, deployment);
    this.mapTasks("Tasks", fn, this.tasks);
    this.mapTasks("Urgent", fn, this.urgent);
    return fn;
  }

  private mapTasks(id: string, fn: TrailcastFunction, queue: SealedQueue): void {
    fn.allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [queue.queueArn]);
    const mapping = new EventSourceMapping(this, id, {
      target: fn,
      eventSourceArn: queue.queueArn,
      batchSize: 1,
      maxConcurrency: PURGE_CONCURRENCY,
      reportBatchItemFailures: true,
    });
    mapping.node.addDependency(fn.executionRole);
  }

  /** Allows requesting the purge of a workspace ahead of the daily tasks. */
  grantUrgentTask(fn: TrailcastFunction): void {
    fn.allow(["sqs:SendMessage"], [this.urgent.queueArn]);
    fn.equip({ [ENV.purgeQueueUrl]: this.urgent.queueUrl });
  }

  /** Allows requesting the purge of a workspace. */
  grantTask(fn: TrailcastFunction): void {
    fn.allow(["sqs:SendMessage"], [this.tasks.queueArn]);
    fn.equip({ [ENV.purgeQueueUrl]: this.tasks.queueUrl });
  }
}
