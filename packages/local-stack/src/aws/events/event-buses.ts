import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { Clock } from "../../clock.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "../../region.ts";
import { AwsError, type AwsService } from "../aws-service.ts";

const MAX_ENTRIES = 10;
/** Actions that clients may call. */
export const EVENTS_ACTIONS: readonly string[] = ["PutEvents"];

const putEventsSchema = z.strictObject({
  Entries: z
    .array(
      z.strictObject({
        Source: z.string().optional(),
        DetailType: z.string().optional(),
        Detail: z.string().optional(),
        EventBusName: z.string().default("default"),
        Resources: z.array(z.string()).default([]),
        /** Epoch seconds. */
        Time: z.number().optional(),
        TraceHeader: z.string().optional(),
      }),
    )
    .min(1)
    .max(MAX_ENTRIES),
});
type Entry = z.infer<typeof putEventsSchema>["Entries"][number];

/** An event as rules match it and targets receive it. */
export interface BusEvent {
  version: "0";
  id: string;
  "detail-type": string;
  source: string;
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: unknown;
}

function parseDetail(text: string | undefined): object | undefined {
  try {
    const detail: unknown = JSON.parse(text ?? "");
    return typeof detail === "object" && detail !== null ? detail : undefined;
  } catch {
    return undefined;
  }
}

function eventOf(entry: Entry, now: number): BusEvent | undefined {
  const detail = parseDetail(entry.Detail);
  if (detail === undefined || entry.Source === undefined || entry.DetailType === undefined) return undefined;
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": entry.DetailType,
    source: entry.Source,
    account: LOCAL_ACCOUNT,
    time: new Date(entry.Time === undefined ? now : entry.Time * 1000).toISOString(),
    region: LOCAL_REGION,
    resources: entry.Resources,
    detail,
  };
}

/**
 * EventBridge's `PutEvents` for the event buses of a stack. `onEvent` is called with each accepted event and the name
 * of its bus.
 */
export function createEventBuses(options: {
  buses: ReadonlySet<string>;
  now: Clock;
  onEvent(bus: string, event: BusEvent): void;
}): AwsService {
  return {
    handle: (call) => {
      if (!EVENTS_ACTIONS.includes(call.action)) {
        throw new AwsError(
          "UnknownOperationException",
          `the local stack does not support EventBridge's ${call.action}`,
        );
      }
      const parsed = putEventsSchema.safeParse(call.input);
      if (!parsed.success) throw new AwsError("ValidationException", parsed.error.issues[0]?.message ?? "");
      const entries = parsed.data.Entries.map((entry) => {
        const bus = entry.EventBusName.split("/").at(-1) ?? "default";
        if (bus !== "default" && !options.buses.has(bus)) {
          return { ErrorCode: "ResourceNotFoundException", ErrorMessage: `Event bus ${bus} does not exist.` };
        }
        const event = eventOf(entry, options.now());
        if (event === undefined) {
          return {
            ErrorCode: "MalformedDetail",
            ErrorMessage: "Source, DetailType and a JSON Detail are needed.",
          };
        }
        options.onEvent(bus, event);
        return { EventId: event.id };
      });
      return { FailedEntryCount: entries.filter((entry) => "ErrorCode" in entry).length, Entries: entries };
    },
  };
}
