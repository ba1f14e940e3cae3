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
 * A VPC for the delivery function alone. It reaches the internet through NAT gateways with fixed addresses, which
 * receivers can allow-list (outputs `EgressAddress1`, `EgressAddress2`, …), and nothing can reach it.
 *
 * Security groups filter neither the VPC's DNS nor instance metadata, and a NAT gateway translates NAT64 addresses into
 * the VPC. The egress guard in the function refuses those addresses, with and without a VPC.
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
      // Two zones even with a single gateway, so that the function keeps running if one of them fails.
      maxAzs: 2,
      natGateways: count,
      natGatewayProvider: NatProvider.gateway({
        eipAllocationIds: this.addresses.map((address) => address.attrAllocationId),
      }),
      subnetConfiguration: [
        { name: "Nat", subnetType: SubnetType.PUBLIC, cidrMask: 26, mapPublicIpOnLaunch: false },
        { name: "Delivery", subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 22 },
      ],
      // CDK empties the default security group with a custom resource. Nothing here uses that group.
      restrictDefaultSecurityGroup: false,
      // Gateway endpoints are free and keep reads of DynamoDB off the NAT gateways' bill.
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

/**
 * aws-cdk-lib is compiled without `exactOptionalPropertyTypes`, so that its class differs from its own interface by an
 * `undefined`.
 */
function isVpc(vpc: Vpc): vpc is Vpc & IVpc {
  return "vpcId" in vpc;
}
