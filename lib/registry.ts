import { AttributeType, ProjectionType } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import { EXPORT_ATTRIBUTES } from "../lambdas/core/reading/export-job.ts";
import { LANE_ATTRIBUTES } from "../lambdas/core/lane/lane.ts";
import { DELIVERIES, REGISTRY } from "../lambdas/core/base/table-schema.ts";
import type { Deployment } from "./deployment.ts";
import { ProtectedTable } from "./protected-table.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

/** Workspaces, destinations and lanes in one table, so that one write can change two; and the delivery log. */
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
    // Sparse: only lanes that wait more than a minute have the key.
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

  /** Read one row: a workspace, a destination, a lane. */
  grantRead(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:GetItem"]);
  }

  /** Find the lanes of a workspace. */
  grantFindLanes(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:Query"]);
  }

  /** Move lanes: not a row with any other attribute, such as a destination's URL or a workspace's plan. */
  grantMoveLanes(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:GetItem"]);
    this.allowPut(fn, LANE_ATTRIBUTES);
  }

  /** Find the lanes that are due or behind. */
  grantSweep(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:Scan"]);
    fn.allow(["dynamodb:Query"], [`${this.table.tableArn}/index/${REGISTRY.due.index}`]);
  }

  /** Create, change and delete every row. */
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

  /** Keep the rows of export jobs, and read whose they are. */
  grantExports(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:GetItem", "dynamodb:Query"]);
    this.allowPut(fn, EXPORT_ATTRIBUTES);
  }

  /** Keep what the purge does of each workspace. */
  grantPurge(fn: TrailcastFunction): void {
    this.onTable(fn, [
      "dynamodb:GetItem",
      "dynamodb:Query",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
    ]);
  }

  /** Find every workspace. */
  grantScan(fn: TrailcastFunction): void {
    this.onTable(fn, ["dynamodb:Scan"]);
  }

  /** Record deliveries and their attempts. */
  grantLogDeliveries(fn: TrailcastFunction): void {
    this.onDeliveries(fn, ["dynamodb:UpdateItem"]);
  }

  grantReadDeliveries(fn: TrailcastFunction): void {
    this.onDeliveries(fn, ["dynamodb:Query"]);
  }

  /** Read deliveries, and close one that a moved lane leaves behind. */
  grantManageDeliveries(fn: TrailcastFunction): void {
    this.onDeliveries(fn, ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]);
  }

  /** IAM knows no sort keys, but it knows the attributes of what is put. */
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
