import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { UnknownTemplateError } from "../errors.ts";
import type { Stack } from "../template/stack.ts";
import { noEffect } from "../template/template.ts";

export const functionSchema = z.strictObject({
  Code: z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }),
  Handler: z.string().regex(/^[\w./-]+\.\w+$/),
  // All of them run on the version of Node that runs the stack.
  Runtime: z.enum(["nodejs20.x", "nodejs22.x", "nodejs24.x"]),
  Role: z.string(),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.coerce.string()) }).optional(),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  ReservedConcurrentExecutions: z.coerce.number().optional(),
  FunctionName: z.string().optional(),
  // These properties change nothing on a single machine.
  Architectures: noEffect,
  Description: noEffect,
  EphemeralStorage: noEffect,
  // Lambda stops recursive loops after 16 invocations; the runtime does not detect loops.
  RecursiveLoop: z.enum(["Allow", "Terminate"]).optional(),
  LoggingConfig: z.looseObject({ LogGroup: z.string().optional() }).optional(),
  Tags: noEffect,
  TracingConfig: noEffect,
});

const manifestSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string().optional(), packaging: z.string().optional() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});

/** A function of the template. */
export interface FunctionSettings {
  logicalId: string;
  name: string;
  arn: string;
  roleArn: string;
  /** As named in the template. */
  runtime: string;
  /** Folder of the bundle, path of its module without extension, and the exported handler. */
  folder: string;
  module: string;
  exportName: string;
  environment: Readonly<Record<string, string>>;
  timeoutMs: number;
  memoryMegabytes: number;
  reservedConcurrency: number | undefined;
  logGroup: string;
}

/** The folders of a stack's assets, by the key that the template uses. */
export function readAssets(cdkOut: string, stackName: string): Map<string, string> {
  const file = join(cdkOut, `${stackName}.assets.json`);
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const folders = new Map<string, string>();
  for (const { source, destinations } of Object.values(manifest.files)) {
    for (const { objectKey } of Object.values(destinations)) {
      if (source.path !== undefined && source.packaging === "zip")
        folders.set(objectKey, join(cdkOut, source.path));
    }
  }
  return folders;
}

/** The functions of a stack. Throws `UnknownTemplateError` if one is not a Node bundle of the assembly. */
export function readFunctions(stack: Stack, assets: ReadonlyMap<string, string>): FunctionSettings[] {
  return stack
    .resources("AWS::Lambda::Function", functionSchema)
    .map(({ logicalId, where, ref, properties }) => {
      const folder = assets.get(properties.Code.S3Key);
      if (folder === undefined || !existsSync(folder)) {
        throw new UnknownTemplateError(
          where,
          `code ${properties.Code.S3Key}, which is no asset of the assembly`,
        );
      }
      const dot = properties.Handler.lastIndexOf(".");
      return {
        logicalId,
        name: ref,
        arn: stack.attribute(logicalId, "Arn"),
        roleArn: properties.Role,
        runtime: properties.Runtime,
        folder,
        module: properties.Handler.slice(0, dot),
        exportName: properties.Handler.slice(dot + 1),
        environment: properties.Environment?.Variables ?? {},
        timeoutMs: properties.Timeout * 1000,
        memoryMegabytes: properties.MemorySize,
        reservedConcurrency: properties.ReservedConcurrentExecutions,
        logGroup: properties.LoggingConfig?.LogGroup ?? `/aws/lambda/${ref}`,
      };
    });
}
