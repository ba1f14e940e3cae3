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
 * A table with point-in-time recovery and deletion protection that is kept when the stack is deleted. It is billed on
 * demand, and encrypted with a key that DynamoDB owns and that costs nothing.
 *
 * `Table` instead of `TableV2`, because that becomes a GlobalTable, which few emulators of DynamoDB support.
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
