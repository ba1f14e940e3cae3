import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as z from "zod";
import { UnknownTemplateError } from "../errors.ts";

/** Anything that JSON can say, with intrinsics not yet resolved. */
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

/** A property that is accepted, and changes nothing on one machine: the tables of what is supported say so. */
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
  // Rules check parameters of a deployment (the bootstrap version); nothing on one machine depends on them.
  Rules: z.record(z.string(), jsonSchema).optional(),
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z
    .record(z.string(), z.looseObject({ Value: jsonSchema, Condition: z.string().optional() }))
    .default({}),
});

export type TemplateResource = z.infer<typeof resourceSchema>;
/** A CloudFormation template as synthesised. */
export type Template = z.infer<typeof templateSchema>;

/** Throws `UnknownTemplateError` when it has a section or attribute that the runtime does not know (`Transform`, `Hooks`). */
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

/** The template of a cloud assembly's folder: of `stack`, or of the only stack there is. */
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
