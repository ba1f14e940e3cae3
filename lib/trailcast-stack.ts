import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { Trailcast, type TrailcastProps } from "./trailcast.ts";

/** Trailcast as a stack of its own. */
export class TrailcastStack extends Stack {
  readonly trailcast: Trailcast;

  constructor(scope: Construct, id: string, props: TrailcastProps & StackProps) {
    super(scope, id, {
      description: "Trailcast: audit-log forwarding",
      ...props,
    });
    this.trailcast = new Trailcast(this, "Trailcast", props);
    for (const [name, value] of Object.entries(this.trailcast.names)) new CfnOutput(this, name, { value });
  }
}
