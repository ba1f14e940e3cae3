import { Annotations, CfnRule, Fn, type Stack } from "aws-cdk-lib";

/** What is synthesised to be looked at while nothing is set. */
export const EXAMPLE_SETTINGS = { sourceBaseUrl: "https://app.example.com" };

const ADVICE =
  "Nothing says where your product lives, and every event bears its address for ever: " +
  'set { "sourceBaseUrl": "https://<your product>" } as "trailcast" in the context of cdk.json, then deploy';

/**
 * Says at synthesis that the settings are an example, and has CloudFormation refuse to deploy them before it makes anything: a rule
 * that never holds.
 */
export function refuseDeployment(stack: Stack): void {
  Annotations.of(stack).addWarningV2("trailcast:example-settings", ADVICE);
  const never = Fn.conditionEquals(EXAMPLE_SETTINGS.sourceBaseUrl, "the address of your product");
  new CfnRule(stack, "SettingsAreNoExample", {
    assertions: [{ assert: never, assertDescription: ADVICE }],
  });
}
