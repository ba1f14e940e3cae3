import type { Delivery } from "./delivery.ts";
import type { FanOut } from "./fan-out.ts";
import { Identity, type TokenIssuer } from "./identity.ts";
import type { Ingest } from "./ingest.ts";
import type { Management } from "./management.ts";
import type { Reading } from "./reading.ts";
import type { Retention } from "./retention.ts";
import type { Sweep } from "./sweep.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

export interface WatchedFunction {
  readonly id: string;
  readonly fn: TrailcastFunction;
  /** One sentence: who notices what when the function fails. */
  readonly impact: string;
  /** True if the function runs rarely, on a schedule or in the background, so that a single failure already matters. */
  readonly isRare?: boolean;
}

interface Parts {
  readonly ingest: Ingest;
  readonly fanOut: FanOut;
  readonly delivery: Delivery;
  readonly sweep: Sweep;
  readonly retention: Retention;
  readonly reading: Reading;
  readonly management: Management;
  readonly tokens: TokenIssuer;
}

/** All functions of the stack. */
export function functionsToWatch(parts: Parts): WatchedFunction[] {
  const { tokens } = parts;
  return [
    ...recordingFunctions(parts),
    ...backgroundFunctions(parts),
    { id: "Management", fn: parts.management.fn, impact: "Owners cannot manage their destinations." },
    { id: "Reading", fn: parts.reading.fn, impact: "Owners cannot read or export their events." },
    {
      id: "Open",
      fn: parts.management.open,
      impact: "The console's page and the API's health do not answer.",
    },
    ...(tokens instanceof Identity
      ? [
          {
            id: "MapGroups",
            fn: tokens.mapGroups,
            impact: "Nobody gets a token: every caller is locked out.",
          },
        ]
      : []),
  ];
}

function recordingFunctions({ ingest, fanOut, delivery }: Parts): WatchedFunction[] {
  return [
    {
      id: "Ingest",
      fn: ingest.fn,
      impact: "Events that callers record are refused: emitters have to send them again.",
    },
    {
      id: "FanOut",
      fn: fanOut.fn,
      impact: "Recorded events are journalled late, and reach their receivers late.",
    },
    {
      id: "Delivery",
      fn: delivery.fn,
      impact: "Lanes are interrupted by our own fault; each is woken again and delivers late.",
    },
  ];
}

function backgroundFunctions({ sweep, fanOut, retention, reading }: Parts): WatchedFunction[] {
  return [
    {
      id: "Sweep",
      fn: sweep.fn,
      impact: "Retries that wait longer than a minute are late, and lost wake-ups stay lost.",
      isRare: true,
    },
    {
      id: "Redrive",
      fn: fanOut.redrive,
      impact: "What is in quarantine stays there: its events reach no receiver.",
      isRare: true,
    },
    { id: "Export", fn: reading.exportFn, impact: "Exports under way stand still.", isRare: true },
    {
      id: "PlanPurge",
      fn: retention.planFn,
      impact: "What has expired is invisible but still stored.",
      isRare: true,
    },
    {
      id: "Purge",
      fn: retention.purgeFn,
      impact: "What has expired in a workspace is invisible but still stored.",
      isRare: true,
    },
  ];
}
