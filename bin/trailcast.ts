import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { functionsFromSource } from "../lib/bundle.ts";
import { parseSettings, SettingsError } from "../lib/settings.ts";
import { TrailcastStack } from "../lib/trailcast-stack.ts";

// One statement for what one function does to one table, so that a role reads as a list of rights.
const MINIMIZE_POLICIES = "@aws-cdk/aws-iam:minimizePolicies";

try {
  const app = new App({ analyticsReporting: false, context: { [MINIMIZE_POLICIES]: true } });
  const settings = parseSettings(app.node.tryGetContext("trailcast"));
  new TrailcastStack(app, "Trailcast", { settings, functionCode: functionsFromSource() });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
