import { App, Stack } from "aws-cdk-lib";
import { Template as Assertions } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { FunctionCodeMissingError, SettingsError, Trailcast } from "../../lib/index.ts";
import {
  emptyFunctions,
  logicalIdOf,
  MINIMAL,
  resourceOf,
  resourcesOf,
  synthesise,
  type Template,
} from "../helpers/synthesised-stack.ts";

describe("without an issuer in the settings", () => {
  const template = synthesise({ sourceBaseUrl: "https://app.example.com" });
  const clients = resourcesOf(template, "AWS::Cognito::UserPoolClient");

  it("the stack brings a user pool that nobody can sign up to, with a second factor", () => {
    expect(resourceOf(template, "AWS::Cognito::UserPool", "").Properties).toMatchObject({
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      MfaConfiguration: "ON",
      EnabledMfas: ["SOFTWARE_TOKEN_MFA"],
    });
  });

  it("its trigger runs for people and machines alike", () => {
    const { LambdaConfig } = resourceOf(template, "AWS::Cognito::UserPool", "").Properties;
    expect(LambdaConfig.PreTokenGenerationConfig.LambdaVersion).toBe("V3_0");
    expect(logicalIdOf(LambdaConfig.PreTokenGenerationConfig.LambdaArn)).toContain("MapGroups");
  });

  it("the API takes the tokens of its clients, and functions strip the prefix of its scopes", () => {
    const { JwtConfiguration } = resourceOf(template, "AWS::ApiGatewayV2::Authorizer", "").Properties;
    expect(JwtConfiguration.Audience.map(logicalIdOf).toSorted()).toEqual(
      clients.map(([id]) => id).toSorted(),
    );
    const ingest = resourceOf(template, "AWS::Lambda::Function", "IngestFunction").Properties;
    expect(ingest["Environment"].Variables).toMatchObject({ TRAILCAST_SCOPE_PREFIX: "trailcast/" });
  });

  it("an emitter can do nothing but record, and nobody in a browser can set entitlements", () => {
    expect(scopesOf(template, "Emitter")).toEqual(["trailcast/events:write"]);
    expect(scopesOf(template, "Console")).not.toContain("trailcast/entitlements:write");
    expect(scopesOf(template, "Console")).not.toContain("trailcast/events:write");
  });
});

describe("with fixed egress addresses", () => {
  const template = synthesise({ ...MINIMAL, egress: { fixedAddresses: 2 } });

  it("the delivery function, and no other, runs in a VPC of its own", () => {
    const inside = resourcesOf(template, "AWS::Lambda::Function").filter(
      ([, { Properties }]) => Properties["VpcConfig"] !== undefined,
    );
    expect(inside.map(([id]) => id)).toEqual([expect.stringContaining("DeliveryFunction")]);
    expect(inside[0]?.[1].Properties["VpcConfig"].SubnetIds).toHaveLength(2);
  });

  it("its way out is by NAT gateways whose addresses are outputs", () => {
    const gateways = resourcesOf(template, "AWS::EC2::NatGateway").map(([, { Properties }]) =>
      logicalIdOf(Properties["AllocationId"]),
    );
    const outputs = ["EgressAddress1", "EgressAddress2"].map((name) =>
      logicalIdOf(template.Outputs[name]?.Value),
    );
    expect(outputs).toEqual(gateways);
    expect(new Set(outputs).size).toBe(2);
  });

  it("only the ports of destinations are open, outwards alone", () => {
    const group = resourceOf(template, "AWS::EC2::SecurityGroup", "Outbound").Properties;
    expect(group["SecurityGroupIngress"]).toBeUndefined();
    expect(
      group["SecurityGroupEgress"].map((rule: { FromPort: number; ToPort: number }) => [
        rule.FromPort,
        rule.ToPort,
      ]),
    ).toEqual([
      [443, 443],
      [1024, 65_535],
    ]);
  });

  it("there is no VPC without the setting", () => {
    expect(resourcesOf(synthesise(MINIMAL), "AWS::EC2::VPC")).toEqual([]);
  });
});

describe("in an app of another company", () => {
  it("stands beside other constructs, and hands out what they want to use", () => {
    const stack = new Stack(new App(), "Platform");
    const trailcast = new Trailcast(stack, "Audit", { settings: MINIMAL, functionCode: emptyFunctions() });

    expect(stack.resolve(trailcast.ownerBus.eventBusArn)).toHaveProperty("Fn::GetAtt");
    expect(Object.keys(trailcast.names)).toContain("EventsTable");
    Assertions.fromStack(stack).resourceCountIs("AWS::DynamoDB::Table", 6);
  });

  it("says what is wrong with the settings", () => {
    const settings = { sourceBaseUrl: "app.example.com" };
    expect(() => new Trailcast(new Stack(), "Audit", { settings })).toThrow(SettingsError);
  });

  it("says so when the package was not built", () => {
    expect(() => new Trailcast(new Stack(), "Audit", { settings: MINIMAL })).toThrow(
      FunctionCodeMissingError,
    );
  });
});

function scopesOf(template: Template, client: string): unknown {
  return resourceOf(template, "AWS::Cognito::UserPoolClient", client).Properties["AllowedOAuthScopes"];
}
