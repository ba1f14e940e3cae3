import { App, Validations } from "aws-cdk-lib";
import { CURRENTLY_RECOMMENDED_FLAGS } from "aws-cdk-lib/cx-api";
import { AwsSolutionsChecks } from "cdk-nag";
import { functionsFromSource } from "../lib/bundle.ts";
import { EXAMPLE_SETTINGS, refuseDeployment } from "../lib/example-settings.ts";
import { parseSettings, SettingsError } from "../lib/settings.ts";
import { TrailcastStack } from "../lib/trailcast-stack.ts";

try {
  // Set here rather than in cdk.json, so that a synthesis without the CDK command line gives the same template.
  const app = new App({ analyticsReporting: false, context: CURRENTLY_RECOMMENDED_FLAGS });
  const given: unknown = app.node.tryGetContext("trailcast");
  const settings = parseSettings(given ?? EXAMPLE_SETTINGS);
  const stack = new TrailcastStack(app, "Trailcast", { settings, functionCode: functionsFromSource() });
  if (given === undefined) refuseDeployment(stack);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
