import * as z from "zod/mini";
import type { Environment } from "../adapters/environment.ts";
import { ENV } from "../core/base/environment.ts";
import type { Recorder } from "../core/entry/record-entry.ts";
import { plansSchema } from "../core/workspace/entitlement.ts";

const shardsSchema = z.record(z.string(), z.number());

/** The settings that every function which records events reads from its environment. */
export function recorderSettings(environment: Environment): Recorder["settings"] {
  return {
    eventTypePrefix: environment.text(ENV.eventTypePrefix),
    sourceBaseUrl: environment.text(ENV.sourceBaseUrl).replace(/\/+$/, ""),
    plans: environment.json(ENV.plans, plansSchema),
    shards: environment.jsonOr(ENV.shards, shardsSchema, {}),
  };
}
