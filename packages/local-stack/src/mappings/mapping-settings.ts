import * as z from "zod";
import { UnknownTemplateError } from "../errors.ts";
import type { FunctionSettings } from "../functions/function-settings.ts";
import type { Functions } from "../functions/functions.ts";
import { LOCAL_REGION } from "../region.ts";
import type { Stack } from "../template/stack.ts";
import { jsonSchema, type Json, noEffect } from "../template/template.ts";
import { compileFilters, type EventPattern } from "./event-pattern.ts";
import type { QueueMappingSettings } from "./queue-mapping.ts";
import type { StreamMappingSettings } from "./stream-mapping.ts";

export const mappingSchema = z.strictObject({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  Enabled: z.boolean().default(true),
  BatchSize: z.coerce.number().optional(),
  MaximumBatchingWindowInSeconds: z.coerce.number().default(0),
  StartingPosition: z.enum(["TRIM_HORIZON", "LATEST"]).optional(),
  BisectBatchOnFunctionError: z.boolean().default(false),
  MaximumRetryAttempts: z.coerce.number().default(-1),
  MaximumRecordAgeInSeconds: z.coerce.number().default(-1),
  ParallelizationFactor: z.literal(1).optional(),
  FunctionResponseTypes: z.array(z.literal("ReportBatchItemFailures")).default([]),
  FilterCriteria: z.strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })) }).optional(),
  DestinationConfig: z
    .strictObject({ OnFailure: z.strictObject({ Destination: z.string() }).optional() })
    .optional(),
  ScalingConfig: z.strictObject({ MaximumConcurrency: z.coerce.number() }).optional(),
  // Metrics and tags change nothing on a single machine.
  MetricsConfig: noEffect,
  Tags: noEffect,
});
type MappingProperties = z.output<typeof mappingSchema>;

interface MappingBase {
  id: string;
  fn: FunctionSettings;
  enabled: boolean;
}

/** An event source mapping of the template. */
export type Mapping =
  | (MappingBase & { kind: "stream"; settings: StreamMappingSettings; onFailure: string | undefined })
  | (MappingBase & { kind: "queue"; settings: QueueMappingSettings });

/** A stream keeps its records for a day, whatever the settings say. */
const STREAM_AGE_MS = 86_400_000;

function parseJson(text: string): Json {
  return jsonSchema.parse(JSON.parse(text));
}

const unlimited = (value: number): number => (value < 0 ? Infinity : value);

function streamMapping(base: MappingBase, wants: EventPattern, properties: MappingProperties): Mapping {
  return {
    ...base,
    kind: "stream",
    onFailure: properties.DestinationConfig?.OnFailure?.Destination,
    settings: {
      streamArn: properties.EventSourceArn,
      startsAtLatest: properties.StartingPosition === "LATEST",
      functionArn: base.fn.arn,
      batchSize: properties.BatchSize ?? 100,
      windowMs: properties.MaximumBatchingWindowInSeconds * 1000,
      bisects: properties.BisectBatchOnFunctionError,
      reportsFailures: properties.FunctionResponseTypes.length > 0,
      maxRetries: unlimited(properties.MaximumRetryAttempts),
      maxAgeMs: Math.min(unlimited(properties.MaximumRecordAgeInSeconds) * 1000, STREAM_AGE_MS),
      wants,
    },
  };
}

function queueMapping(base: MappingBase, wants: EventPattern, properties: MappingProperties): Mapping {
  return {
    ...base,
    kind: "queue",
    settings: {
      queueArn: properties.EventSourceArn,
      region: LOCAL_REGION,
      batchSize: properties.BatchSize ?? 10,
      concurrency: properties.ScalingConfig?.MaximumConcurrency ?? 1000,
      reportsFailures: properties.FunctionResponseTypes.length > 0,
      wants,
    },
  };
}

function mappingOf(
  where: string,
  logicalId: string,
  properties: MappingProperties,
  functions: Pick<Functions, "find">,
): Mapping {
  const fn = functions.find(properties.FunctionName);
  if (fn === undefined) throw new UnknownTemplateError(where, `function ${properties.FunctionName}`);
  const patterns = (properties.FilterCriteria?.Filters ?? []).map((filter) => parseJson(filter.Pattern));
  const wants = compileFilters(where, patterns);
  const base = { id: logicalId, fn, enabled: properties.Enabled };
  const source = properties.EventSourceArn.split(":")[2];
  if (source === "dynamodb") return streamMapping(base, wants, properties);
  if (source === "sqs") return queueMapping(base, wants, properties);
  throw new UnknownTemplateError(where, `event source ${properties.EventSourceArn}`);
}

/**
 * Divides a function's threads among its queues in proportion to the concurrency that the template gives each, so that
 * a slow queue leaves a quick one its share even if there are few threads.
 */
function shareThreads(
  mappings: readonly Mapping[],
  concurrency: (fn: FunctionSettings) => number,
): Mapping[] {
  return mappings.map((mapping) => {
    if (mapping.kind !== "queue") return mapping;
    const threads = concurrency(mapping.fn);
    const claims = mappings
      .filter((other) => other.kind === "queue" && other.fn === mapping.fn)
      .reduce((sum, other) => sum + (other.kind === "queue" ? other.settings.concurrency : 0), 0);
    const own = mapping.settings.concurrency;
    const share = claims <= threads ? own : Math.max(1, Math.floor((threads * own) / claims));
    return { ...mapping, settings: { ...mapping.settings, concurrency: share } };
  });
}

/** The mappings of a stack. Throws `UnknownTemplateError` for an unknown source, property or filter. */
export function readMappings(stack: Stack, functions: Pick<Functions, "find" | "concurrency">): Mapping[] {
  const mappings = stack
    .resources("AWS::Lambda::EventSourceMapping", mappingSchema)
    .map(({ where, logicalId, properties }) => mappingOf(where, logicalId, properties, functions));
  return shareThreads(mappings, functions.concurrency);
}
