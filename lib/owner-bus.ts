import { EventBus } from "aws-cdk-lib/aws-events";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

/** Carries what owners want to hear of, such as a failing destination: an e-mail or a chat message is one rule away. */
export class OwnerBus extends Construct {
  readonly bus: EventBus;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bus = new EventBus(this, "Bus");
  }

  /** Tell owners. */
  grantTell(fn: TrailcastFunction): void {
    fn.allow(["events:PutEvents"], [this.bus.eventBusArn]);
    fn.equip({ [ENV.ownerBus]: this.bus.eventBusName });
  }
}
