import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App, Validations } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { CURRENTLY_RECOMMENDED_FLAGS } from "aws-cdk-lib/cx-api";
import { AwsSolutionsChecks } from "cdk-nag";
import { z } from "zod";
import type { FunctionCode } from "../../lib/function-code.ts";
import type { SettingsInput } from "../../lib/settings-schema.ts";
import { TrailcastStack } from "../../lib/trailcast-stack.ts";
import { scratchDirectory } from "./scratch.ts";

const resourceSchema = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.any()).default({}),
  DeletionPolicy: z.string().optional(),
});
const templateSchema = z.looseObject({
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), z.looseObject({ Value: z.unknown() })),
});
export type Resource = z.infer<typeof resourceSchema>;
export type Template = z.infer<typeof templateSchema>;

export const OIDC = { issuer: "https://issuer.example.com", audience: "trailcast" };
export const MINIMAL: SettingsInput = { sourceBaseUrl: "https://app.example.com", oidc: OIDC };

/** Functions without code, because the template does not depend on it. */
export function emptyFunctions(): FunctionCode {
  const directory = scratchDirectory("stack");
  writeFileSync(join(directory, "index.mjs"), "export const handler = async () => {};\n");
  return () => Code.fromAsset(directory);
}

/** Synthesises the stack with these settings, including CloudFormation validation and cdk-nag. */
export function synthesise(settings: SettingsInput, stackName = "Trailcast"): Template {
  const app = new App({
    analyticsReporting: false,
    outdir: scratchDirectory("stack"),
    context: CURRENTLY_RECOMMENDED_FLAGS,
  });
  const stack = new TrailcastStack(app, stackName, { settings, functionCode: emptyFunctions() });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const { directory } = app.synth();
  return templateSchema.parse(JSON.parse(readFileSync(join(directory, stack.templateFile), "utf8")));
}

/** Resources of one type by logical id, optionally only those whose id contains `part`. */
export function resourcesOf(template: Template, type: string, part = ""): [id: string, resource: Resource][] {
  return Object.entries(template.Resources).filter(
    ([id, resource]) => resource.Type === type && id.includes(part),
  );
}

/** The one resource of a type whose id contains `part`. */
export function resourceOf(template: Template, type: string, part: string): Resource {
  const [found, ...others] = resourcesOf(template, type, part);
  if (found === undefined || others.length > 0) throw new Error(`${others.length + 1} of ${type} ${part}`);
  return found[1];
}

/** The logical id that `{ Ref }` or `{ Fn::GetAtt }` refers to. */
export function logicalIdOf(value: unknown): string {
  const reference: unknown = Reflect.get(Object(value), "Ref") ?? Reflect.get(Object(value), "Fn::GetAtt");
  const id: unknown = Array.isArray(reference) ? reference[0] : reference;
  if (typeof id !== "string") throw new Error(`no reference: ${JSON.stringify(value)}`);
  return id;
}
