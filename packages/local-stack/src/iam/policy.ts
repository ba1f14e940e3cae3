import * as z from "zod";
import { UnknownTemplateError } from "../errors.ts";
import type { Json } from "../template/template.ts";
import { parseCondition, type Condition } from "./conditions.ts";
import { compilePatterns, type Pattern } from "./patterns.ts";

const textsSchema = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const principalSchema = z.union([z.literal("*"), z.record(z.string(), textsSchema)]);
const conditionValueSchema = z
  .union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()]))])
  .transform((value) => [value].flat().map(String));

const statementSchema = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(["Allow", "Deny"]),
  Action: textsSchema.optional(),
  NotAction: textsSchema.optional(),
  Resource: textsSchema.optional(),
  NotResource: textsSchema.optional(),
  Principal: principalSchema.optional(),
  Condition: z.record(z.string(), z.record(z.string(), conditionValueSchema)).optional(),
});

const documentSchema = z.strictObject({
  Version: z.string().optional(),
  Id: z.string().optional(),
  Statement: z.union([statementSchema, z.array(statementSchema)]).transform((value) => [value].flat()),
});

/** One statement, prepared for matching. Without `principals` it belongs to the policy of a role. */
export interface Statement {
  effect: "Allow" | "Deny";
  actions: Pattern;
  resources: Pattern;
  /** Names by kind: `{ Service: ["sns.amazonaws.com"] }`. `*` means everybody. */
  principals?: "*" | Readonly<Record<string, readonly string[]>>;
  conditions: readonly Condition[];
}

function parseStatement(where: string, statement: z.infer<typeof statementSchema>): Statement {
  if (statement.NotAction === undefined && statement.Action === undefined) {
    throw new UnknownTemplateError(where, "a statement without actions");
  }
  const conditions = Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => parseCondition(where, operator, key, values)),
  );
  const resources = statement.NotResource ?? statement.Resource ?? ["*"];
  for (const resource of resources) {
    // A policy variable (`${aws:username}`) is not supported, because its value depends on the caller.
    if (resource.includes("${")) throw new UnknownTemplateError(where, `policy variable in ${resource}`);
  }
  return {
    effect: statement.Effect,
    actions: compilePatterns(statement.NotAction ?? statement.Action ?? [], {
      negated: statement.NotAction !== undefined,
      ignoreCase: true,
    }),
    resources: compilePatterns(resources, {
      negated: statement.NotResource !== undefined,
      ignoreCase: false,
    }),
    ...(statement.Principal !== undefined && { principals: statement.Principal }),
    conditions,
  };
}

/** Reads a policy document whose intrinsics were resolved. `where` names its place in errors. */
export function parsePolicy(where: string, document: Json): Statement[] {
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UnknownTemplateError(
      where,
      `a policy with ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    );
  }
  return parsed.data.Statement.map((statement) => parseStatement(where, statement));
}
