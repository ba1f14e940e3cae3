import { RemovalPolicy } from "aws-cdk-lib";
import {
  CfnEIP,
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  NatProvider,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  type IVpc,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Deployment } from "./deployment.ts";
import type { TrailcastFunctionProps } from "./trailcast-function.ts";

/**
 * A VPC with nothing in it but the delivery function: out through NAT gateways with fixed addresses that receivers
 * can allow-list (outputs `EgressAddress1`, `EgressAddress2`, …), in from nowhere.
 *
 * Security groups filter neither the VPC's DNS nor instance metadata, and a NAT gateway translates NAT64 addresses
 * into the VPC: the egress guard in the function refuses those, here as without a VPC.
 */
export class EgressNetwork extends Construct {
  readonly placement: NonNullable<TrailcastFunctionProps["network"]>;
  readonly addresses: readonly CfnEIP[];

  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id);
    const count = deployment.settings.egress.fixedAddresses;
    this.addresses = Array.from({ length: count }, (_, index) => new CfnEIP(this, `Address${index + 1}`));
    const vpc = this.createVpc(count);
    if (!isVpc(vpc)) throw new Error("the VPC has no id");
    this.logFlows(vpc, deployment);
    const securityGroup = new SecurityGroup(this, "Outbound", {
      vpc,
      description: "Out to the ports that a destination may have, in from nowhere",
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(443), "https");
    securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcpRange(1024, 65_535), "https on other ports");
    this.placement = {
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      securityGroups: [securityGroup],
    };
  }

  private createVpc(count: number): Vpc {
    return new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr("10.83.0.0/20"),
      // Two zones even behind one gateway, so that the function itself goes on without one of them.
      maxAzs: 2,
      natGateways: count,
      natGatewayProvider: NatProvider.gateway({
        eipAllocationIds: this.addresses.map((address) => address.attrAllocationId),
      }),
      subnetConfiguration: [
        { name: "Nat", subnetType: SubnetType.PUBLIC, cidrMask: 26, mapPublicIpOnLaunch: false },
        { name: "Delivery", subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 22 },
      ],
      // CDK empties the default group by a custom resource; nothing here uses that group.
      restrictDefaultSecurityGroup: false,
      // Free, and keeps our own reads off the NAT gateways' bill.
      gatewayEndpoints: { DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB } },
    });
  }

  private logFlows(vpc: Vpc, deployment: Deployment): void {
    const logGroup = new LogGroup(this, "RejectedFlows", {
      retention: deployment.settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    vpc.addFlowLog("Rejected", {
      destination: FlowLogDestination.toCloudWatchLogs(logGroup),
      trafficType: FlowLogTrafficType.REJECT,
    });
  }
}

/** aws-cdk-lib is built without `exactOptionalPropertyTypes`: its class misses its own interface by an `undefined`. */
function isVpc(vpc: Vpc): vpc is Vpc & IVpc {
  return "vpcId" in vpc;
}
