import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App, CfnOutput, NestedStack, Stack } from "aws-cdk-lib";
import { Template as Assertions } from "aws-cdk-lib/assertions";
import { Construct } from "constructs";
import { describe, expect, it } from "vitest";
import { openStack } from "../../cli/stack-access.ts";
import { FunctionCodeMissingError, SettingsError, Trailcast } from "../../lib/index.ts";
import { parseSettings } from "../../lib/settings.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { REPOSITORY } from "../helpers/source-files.ts";
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

  it("the stack creates a user pool with a second factor and without self-service sign-up", () => {
    expect(resourceOf(template, "AWS::Cognito::UserPool", "").Properties).toMatchObject({
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      MfaConfiguration: "ON",
      EnabledMfas: ["SOFTWARE_TOKEN_MFA"],
    });
  });

  it("the documentation uses only outputs that exist", () => {
    const page = readFileSync(join(REPOSITORY, "docs/operate.md"), "utf8");
    const taken = [...page.matchAll(/\$\((?:out|secret) (\w+)\)/g)].map(([, name = ""]) => name);
    expect(new Set(taken).size).toBeGreaterThan(4);
    expect(taken.filter((name) => template.Outputs[name] === undefined)).toEqual([]);
  });

  it("the pool's trigger runs for people and for machines", () => {
    const { LambdaConfig } = resourceOf(template, "AWS::Cognito::UserPool", "").Properties;
    expect(LambdaConfig.PreTokenGenerationConfig.LambdaVersion).toBe("V3_0");
    expect(logicalIdOf(LambdaConfig.PreTokenGenerationConfig.LambdaArn)).toContain("MapGroups");
  });

  it("the API accepts the tokens of the pool's clients, and functions strip the prefix of its scopes", () => {
    const { JwtConfiguration } = resourceOf(template, "AWS::ApiGatewayV2::Authorizer", "").Properties;
    expect(JwtConfiguration.Audience.map(logicalIdOf).toSorted()).toEqual(
      clients.map(([id]) => id).toSorted(),
    );
    const ingest = resourceOf(template, "AWS::Lambda::Function", "IngestFunction").Properties;
    expect(ingest["Environment"].Variables).toMatchObject({ TRAILCAST_SCOPE_PREFIX: "trailcast/" });
  });

  it("an emitter can only record events, and no one can set entitlements from a browser", () => {
    expect(scopesOf(template, "Emitter")).toEqual(["trailcast/events:write"]);
    expect(scopesOf(template, "Console")).not.toContain("trailcast/entitlements:write");
    expect(scopesOf(template, "Console")).not.toContain("trailcast/events:write");
  });
});

describe("of several stacks in one account and Region", () => {
  const prefixOf = (stackName: string): string => {
    const template = synthesise({ sourceBaseUrl: "https://app.example.com" }, stackName);
    const { Domain } = resourceOf(template, "AWS::Cognito::UserPoolDomain", "").Properties;
    const [separator, parts]: [string, unknown[]] = Domain["Fn::Join"];
    expect(parts.at(-1)).toEqual({ Ref: "AWS::AccountId" });
    return [...parts.slice(0, -1), "111122223333"].join(separator);
  };

  it("each has its own domain, which Cognito accepts whatever the stack is called", () => {
    const long = `Audit-${"x".repeat(110)}`;
    const stackNames = [
      "Trailcast",
      "Trailcast-Test",
      "Platform",
      "My-AWS-Audit",
      "My-Amazon-Audit",
      "AWS-Trailcast",
      long,
      `${long}y`,
    ];
    const prefixes = stackNames.map(prefixOf);
    expect(prefixes.slice(0, 3)).toEqual([
      "trailcast-111122223333",
      "trailcast-test-111122223333",
      "trailcast-platform-111122223333",
    ]);
    expect(new Set(prefixes).size).toBe(stackNames.length);
    for (const domainPrefix of prefixes) {
      const settings = { sourceBaseUrl: "https://app.example.com", cognito: { domainPrefix } };
      expect(parseSettings(settings).cognito).toMatchObject({ domainPrefix });
    }
  });

  it("a nested one has a domain too, although its name is unknown at synthesis", () => {
    const nested = new NestedStack(new Stack(new App(), "Platform"), "Audit");
    const settings = { sourceBaseUrl: "https://app.example.com" };
    new Trailcast(nested, "Trailcast", { settings, functionCode: emptyFunctions() });
    const [domain] = Object.values(
      Assertions.fromStack(nested).findResources("AWS::Cognito::UserPoolDomain"),
    );
    expect(domain?.["Properties"].Domain["Fn::Join"][1]).toEqual([
      expect.stringMatching(/^trailcast-platformaudit[0-9a-f]+-$/),
      { Ref: "AWS::AccountId" },
    ]);
  });

  it("the API is named after its stack, and the pool's address is an output", () => {
    const template = synthesise({ sourceBaseUrl: "https://app.example.com" }, "Other");
    expect(resourceOf(template, "AWS::ApiGatewayV2::Api", "").Properties).toMatchObject({ Name: "Other" });
    const [domain] = resourcesOf(template, "AWS::Cognito::UserPoolDomain").map(([id]) => id);
    expect(template.Outputs["SignInUrl"]?.Value).toEqual({
      "Fn::Join": ["", ["https://", { Ref: domain }, ".auth.", { Ref: "AWS::Region" }, ".amazoncognito.com"]],
    });
  });
});

describe("with fixed egress addresses", () => {
  const template = synthesise({ ...MINIMAL, egress: { fixedAddresses: 2 } });

  it("the delivery function, and no other, runs in its own VPC", () => {
    const inside = resourcesOf(template, "AWS::Lambda::Function").filter(
      ([, { Properties }]) => Properties["VpcConfig"] !== undefined,
    );
    expect(inside.map(([id]) => id)).toEqual([expect.stringContaining("DeliveryFunction")]);
    expect(inside[0]?.[1].Properties["VpcConfig"].SubnetIds).toHaveLength(2);
  });

  it("its traffic leaves through NAT gateways whose addresses are outputs", () => {
    const gateways = resourcesOf(template, "AWS::EC2::NatGateway").map(([, { Properties }]) =>
      logicalIdOf(Properties["AllocationId"]),
    );
    const outputs = ["EgressAddress1", "EgressAddress2"].map((name) =>
      logicalIdOf(template.Outputs[name]?.Value),
    );
    expect(outputs).toEqual(gateways);
    expect(new Set(outputs).size).toBe(2);
  });

  it("only outbound traffic to the ports of destinations is allowed", () => {
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

describe("the construct in another company's app", () => {
  it("works beside other constructs and exposes the resources that they need", () => {
    const stack = new Stack(new App(), "Platform");
    const trailcast = new Trailcast(stack, "Audit", { settings: MINIMAL, functionCode: emptyFunctions() });

    expect(stack.resolve(trailcast.ownerBus.eventBusArn)).toHaveProperty("Fn::GetAtt");
    expect(Object.keys(trailcast.names)).toContain("EventsTable");
    Assertions.fromStack(stack).resourceCountIs("AWS::DynamoDB::Table", 6);
  });

  it.each(["the stack", "a construct"])("is found by the command line through outputs of %s", (owner) => {
    const stack = new Stack(new App(), "Platform");
    const { names } = new Trailcast(stack, "Audit", { settings: MINIMAL, functionCode: emptyFunctions() });
    const scope = owner === "the stack" ? stack : new Construct(stack, "Names");
    for (const [name, value] of Object.entries(names)) new CfnOutput(scope, name, { value });

    const file = join(scratchDirectory("outputs"), "outputs.json");
    const outputs = Object.keys(Assertions.fromStack(stack).toJSON()["Outputs"]);
    const values = Object.fromEntries(outputs.map((name) => [name, `of ${name}`]));
    writeFileSync(file, JSON.stringify({ Platform: values }));
    const access = openStack({ data: ".trailcast", outputs: file });
    for (const name of Object.keys(names)) {
      expect(access.output(name)).toMatch(new RegExp(`^of (Names)?${name}([0-9A-F]{8})?$`));
    }
  });

  it("reports mistakes in the settings", () => {
    const settings = { sourceBaseUrl: "app.example.com" };
    expect(() => new Trailcast(new Stack(), "Audit", { settings })).toThrow(SettingsError);
  });

  it("reports that the package was not built", () => {
    expect(() => new Trailcast(new Stack(), "Audit", { settings: MINIMAL })).toThrow(
      FunctionCodeMissingError,
    );
  });
});

function scopesOf(template: Template, client: string): unknown {
  return resourceOf(template, "AWS::Cognito::UserPoolClient", client).Properties["AllowedOAuthScopes"];
}
