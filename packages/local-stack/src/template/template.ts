import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as z from "zod";
import { UnknownTemplateError } from "../errors.ts";

/** Any JSON value, with intrinsics not yet resolved. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export const jsonSchema: z.ZodType<Json> = z.lazy(() =>
  z.union([
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(jsonSchema),
    z.record(z.string(), jsonSchema),
  ]),
);

/**
 * A property that is accepted but changes nothing on a single machine, which the tables of what is supported mention.
 */
export const noEffect = jsonSchema.optional().meta({ withoutEffect: true });

const resourceSchema = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), jsonSchema).default({}),
  Condition: z.string().optional(),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
  Metadata: z.record(z.string(), jsonSchema).optional(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
  UpdatePolicy: z.record(z.string(), jsonSchema).optional(),
});

const templateSchema = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Metadata: z.record(z.string(), jsonSchema).optional(),
  Parameters: z
    .record(z.string(), z.looseObject({ Type: z.string(), Default: z.string().optional() }))
    .default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), jsonSchema))).default({}),
  Conditions: z.record(z.string(), jsonSchema).default({}),
  // Has no effect: rules check parameters of a deployment, such as the bootstrap version.
  Rules: z.record(z.string(), jsonSchema).optional(),
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z
    .record(z.string(), z.looseObject({ Value: jsonSchema, Condition: z.string().optional() }))
    .default({}),
});

export type TemplateResource = z.infer<typeof resourceSchema>;
/** A synthesised CloudFormation template. */
export type Template = z.infer<typeof templateSchema>;

/**
 * Throws `UnknownTemplateError` if the template has a section or attribute that the runtime does not support
 * (`Transform`, `Hooks`).
 */
export function parseTemplate(name: string, value: unknown): Template {
  const parsed = templateSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UnknownTemplateError(
    `template ${name}`,
    `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unreadable"}`,
  );
}

const TEMPLATE_ENDING = ".template.json";

/** Loads a template from the folder of a cloud assembly: that of `stack`, or that of the only stack. */
export function loadTemplate(cdkOut: string, stack?: string): { name: string; template: Template } {
  const names = readdirSync(cdkOut)
    .filter((file) => file.endsWith(TEMPLATE_ENDING))
    .map((file) => basename(file, TEMPLATE_ENDING));
  const name = stack ?? names[0];
  if (name === undefined || (stack === undefined && names.length > 1)) {
    throw new UnknownTemplateError(
      `assembly ${cdkOut}`,
      `holds ${names.length} stacks (${names.join(", ")}), name one`,
    );
  }
  const text = readFileSync(join(cdkOut, `${name}${TEMPLATE_ENDING}`), "utf8");
  return { name, template: parseTemplate(name, JSON.parse(text)) };
}
