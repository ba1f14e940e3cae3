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
  const given = givenSettings(app);
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

/**
 * The settings in the context: all as `trailcast`, or as `sourceBaseUrl` the only one without a default. JSON on a command line
 * needs different quotes in each shell, that one needs none.
 */
function givenSettings(app: App): unknown {
  const all: unknown = app.node.tryGetContext("trailcast");
  const sourceBaseUrl: unknown = app.node.tryGetContext("sourceBaseUrl");
  if (sourceBaseUrl === undefined) return all;
  if (all === undefined) return { sourceBaseUrl };
  throw new SettingsError([
    "the context has both trailcast and sourceBaseUrl: set sourceBaseUrl inside trailcast, and remove the other",
  ]);
}
