import { Annotations, CfnRule, Fn, type Stack } from "aws-cdk-lib";

/** Used for a synthesis without settings, whose template is for inspection only. */
export const EXAMPLE_SETTINGS = { sourceBaseUrl: "https://app.example.com" };

const ADVICE =
  "Nothing says where your product lives, and every event bears its address for ever: " +
  'set { "sourceBaseUrl": "https://<your product>" } as "trailcast" in the context of cdk.json, then deploy';

/**
 * Warns at synthesis that the settings are an example, and adds a rule to the template that always fails, so that
 * CloudFormation refuses to deploy it before it creates anything.
 */
export function refuseDeployment(stack: Stack): void {
  Annotations.of(stack).addWarningV2("trailcast:example-settings", ADVICE);
  const never = Fn.conditionEquals(EXAMPLE_SETTINGS.sourceBaseUrl, "the address of your product");
  new CfnRule(stack, "SettingsAreNoExample", {
    assertions: [{ assert: never, assertDescription: ADVICE }],
  });
}
