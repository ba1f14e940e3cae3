import { EventBus } from "aws-cdk-lib/aws-events";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

/**
 * The event bus for notices to owners, such as a failing destination. A rule on it can send an e-mail or a chat
 * message.
 */
export class OwnerBus extends Construct {
  readonly bus: EventBus;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bus = new EventBus(this, "Bus");
  }

  /** Allows putting events on the bus. */
  grantTell(fn: TrailcastFunction): void {
    fn.allow(["events:PutEvents"], [this.bus.eventBusArn]);
    fn.equip({ [ENV.ownerBus]: this.bus.eventBusName });
  }
}
