import { RemovalPolicy } from "aws-cdk-lib";
import { type AttributeType, BillingMode, Table, type TableProps } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import type { Deployment } from "./deployment.ts";

type Key = readonly [name: string, type: AttributeType];

interface ProtectedTableProps extends Pick<TableProps, "stream" | "timeToLiveAttribute"> {
  readonly partitionKey: Key;
  readonly sortKey: Key;
}

/**
 * A table that outlives mistakes: point-in-time recovery, deletion protection, kept when the stack goes.
 * Paid by request; encrypted at rest by DynamoDB's own key, whose use costs nothing.
 *
 * `Table`, not `TableV2`: the latter becomes a GlobalTable, which few stand-ins of DynamoDB know.
 */
export class ProtectedTable extends Table {
  constructor(scope: Construct, id: string, deployment: Deployment, props: ProtectedTableProps) {
    const { protectData } = deployment.settings;
    const { partitionKey, sortKey, ...others } = props;
    super(scope, id, {
      ...others,
      partitionKey: { name: partitionKey[0], type: partitionKey[1] },
      sortKey: { name: sortKey[0], type: sortKey[1] },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: protectData,
      removalPolicy: protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }
}
