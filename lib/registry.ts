import { AttributeType, ProjectionType } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import { EXPORT_ATTRIBUTES } from "../lambdas/core/reading/export-job.ts";
import { LANE_ATTRIBUTES } from "../lambdas/core/lane/row-schema.ts";
import { DELIVERIES, REGISTRY } from "../lambdas/core/base/table-schema.ts";
import type { Deployment } from "./deployment.ts";
import { ProtectedTable } from "./protected-table.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

/** Workspaces, destinations and lanes in one table, so that one write can change two of them; and the delivery log. */
export class Registry extends Construct {
  readonly table: ProtectedTable;
  readonly deliveries: ProtectedTable;

  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id);
    this.table = new ProtectedTable(this, "Table", deployment, {
      partitionKey: [REGISTRY.workspace, AttributeType.STRING],
      sortKey: [REGISTRY.item, AttributeType.STRING],
      timeToLiveAttribute: REGISTRY.ttl,
    });
    // A sparse index: only lanes that wait for more than a minute have its key.
    this.table.addGlobalSecondaryIndex({
      indexName: REGISTRY.due.index,
      partitionKey: { name: REGISTRY.due.shard, type: AttributeType.STRING },
      sortKey: { name: REGISTRY.due.at, type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.deliveries = new ProtectedTable(this, "Deliveries", deployment, {
      partitionKey: [DELIVERIES.destination, AttributeType.STRING],
      sortKey: [DELIVERIES.delivery, AttributeType.STRING],
      timeToLiveAttribute: DELIVERIES.ttl,
    });
  }

  /** Allows reading a row: a workspace, a destination or a lane. */
  grantRead(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:GetItem"]);
  }

  /** Allows finding the lanes of a workspace. */
  grantFindLanes(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:Query"]);
  }

  /** Allows writing lanes, but no row with any other attribute, such as a destination's URL or a workspace's plan. */
  grantMoveLanes(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:GetItem"]);
    this.allowPut(fn, LANE_ATTRIBUTES);
  }

  /** Allows finding the lanes that are due or behind. */
  grantSweep(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:Scan"]);
    fn.allow(["dynamodb:Query"], [`${this.table.tableArn}/index/${REGISTRY.due.index}`]);
  }

  /** Allows creating, changing and deleting all rows. */
  grantManage(fn: TrailcastFunction): void {
    this.onTable(fn, [
      "dynamodb:GetItem",
      "dynamodb:Query",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
      "dynamodb:ConditionCheckItem",
    ]);
  }

  /** Allows writing the rows of export jobs and reading the rows of their workspaces. */
  grantExports(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:GetItem", "dynamodb:Query"]);
    this.allowPut(fn, EXPORT_ATTRIBUTES);
  }

  /** Allows writing the state of a workspace's purge. */
  grantPurge(fn: TrailcastFunction): void {
    this.onTable(fn, [
      "dynamodb:GetItem",
      "dynamodb:Query",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
    ]);
  }

  /** Allows finding all workspaces. */
  grantScan(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:Scan"]);
  }

  /** Allows recording deliveries and their attempts. */
  grantLogDeliveries(fn: TrailcastFunction): void {
    this.onDeliveries(fn, ["dynamodb:UpdateItem"]);
  }

  grantReadDeliveries(fn: TrailcastFunction): void {
    this.onDeliveries(fn, ["dynamodb:Query"]);
  }

  /** Allows reading deliveries, and closing a delivery that a moved lane leaves behind. */
  grantManageDeliveries(fn: TrailcastFunction): void {
    this.onDeliveries(fn, ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]);
  }

  /** IAM conditions cannot restrict sort keys, but they can restrict the attributes of the item that is put. */
  private allowPut(fn: TrailcastFunction, attributes: readonly string[]): void {
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ["dynamodb:PutItem"],
        resources: [this.table.tableArn],
        conditions: { "ForAllValues:StringEquals": { "dynamodb:Attributes": [...attributes] } },
      }),
    );
  }

  private onTable(fn: TrailcastFunction, actions: readonly string[]): void {
    fn.allow(actions, [this.table.tableArn]);
    fn.equip({ [ENV.registryTable]: this.table.tableName });
  }

  private onDeliveries(fn: TrailcastFunction, actions: readonly string[]): void {
    fn.allow(actions, [this.deliveries.tableArn]);
    fn.equip({ [ENV.deliveriesTable]: this.deliveries.tableName });
  }
}
