import type { DatabaseSync } from "node:sqlite";
import type { DynamoDbService, SqsService } from "../aws/services.ts";
import type { VirtualClock } from "../clock.ts";
import type { Disturbance } from "../runtime/disturbance.ts";
import type { InvocationResult } from "../functions/function-pool.ts";
import type { Functions } from "../functions/functions.ts";
import type { Guard, Principal } from "../iam/guard.ts";
import { pause } from "../pause.ts";
import { openCheckpoint } from "./checkpoints.ts";
import type { Mapping } from "./mapping-settings.ts";
import { QueueMapping } from "./queue-mapping.ts";
import { requireGrants, requireQueueGrants, requireStreamGrants } from "./required-grants.ts";
import { StreamMapping } from "./stream-mapping.ts";
import type { VisibilityHolds } from "./visibility-holds.ts";

export interface MappingsOptions {
  mappings: readonly Mapping[];
  dynamodb: DynamoDbService;
  sqs: SqsService;
  functions: Functions;
  state: DatabaseSync;
  clock: VirtualClock;
  guard: Guard;
  principal(functionId: string): Principal;
  /** Sends to a queue without a permission check, after it was checked that the mapping's role allows sending there. */
  sendToQueue(queueArn: string, body: string): void;
  holds: VisibilityHolds;
  disturb?: Disturbance | undefined;
  /** Called when a fault of the runtime has ended a mapping. */
  onFault(mapping: string, error: unknown): void;
}

/** The running event source mappings of a stack. */
export interface Mappings {
  isIdle(): boolean;
  /** Accepts no further events. Resolves when the running invocations have ended. */
  stop(): Promise<void>;
}

interface RunningMapping {
  isIdle(): boolean;
  done: Promise<void>;
}

/** Lambda polls a stream four times a second; a write wakes the mapping sooner. */
const POLL_MS = 250;
/** Waits this long after a write, so that the records of a burst are read together. */
const GATHER_MS = 15;
/** While records keep arriving, polls at this interval: fewer invocations with more records each. */
const BUSY_POLL_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;

type StreamSource = Extract<Mapping, { kind: "stream" }>;
type QueueSource = Extract<Mapping, { kind: "queue" }>;

function checkGrants(mapping: Mapping, options: MappingsOptions): void {
  const principal = options.principal(mapping.fn.logicalId);
  if (mapping.kind === "queue") {
    requireQueueGrants(options.guard, principal, mapping.settings.queueArn);
    return;
  }
  requireStreamGrants(options.guard, principal, mapping.settings.streamArn);
  if (mapping.onFailure !== undefined) {
    requireGrants(options.guard, principal, ["sqs:SendMessage"], mapping.onFailure);
  }
}

/** Resolves at the next write to a stream, after `POLL_MS`, or when the signal aborts. */
function createAlarmClock(dynamodb: DynamoDbService, streamArn: string, signal: AbortSignal) {
  let written = false;
  let wake: (() => void) | undefined;
  const unsubscribe = dynamodb.onWrite((changed) => {
    if (changed !== streamArn) return;
    written = true;
    wake?.();
  });
  signal.addEventListener("abort", () => {
    unsubscribe();
    wake?.();
  });
  return async (): Promise<void> => {
    if (!written && !signal.aborted) {
      const timer = setTimeout(() => wake?.(), POLL_MS);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      clearTimeout(timer);
    }
    if (written) await pause(GATHER_MS, signal);
    written = false;
  };
}

/** Invokes the mapping's function, through the disturbance of a test harness if there is one. */
function invokeFor(mapping: Mapping, event: string, options: MappingsOptions): Promise<InvocationResult> {
  const { id, fn, kind } = mapping;
  const invoke = (): Promise<InvocationResult> => options.functions.invoke(fn, event, id);
  const disturb = options.disturb?.invocation;
  return disturb === undefined
    ? invoke()
    : disturb({ mapping: id, function: fn.logicalId, source: kind }, invoke);
}

function runStream(mapping: StreamSource, options: MappingsOptions, signal: AbortSignal): RunningMapping {
  const { settings, onFailure } = mapping;
  const checkpoint = openCheckpoint(options.state, mapping.id, settings.streamArn);
  const { latest } = options.dynamodb.streamPositions(settings.streamArn);
  if (settings.startsAtLatest && checkpoint.read() === undefined && latest !== undefined) {
    checkpoint.write(latest);
  }
  const reader = new StreamMapping(settings, {
    stream: options.dynamodb,
    invoke: (event) => invokeFor(mapping, event, options),
    checkpoint,
    giveUp: (description) => {
      if (onFailure !== undefined) options.sendToQueue(onFailure, description);
    },
    now: options.clock.now,
    pause: (milliseconds, until) => pause(options.clock.realDelay(milliseconds), until),
    backOff: (attempt, until) => pause(Math.min(100 * 2 ** attempt, LONGEST_BACKOFF_MS), until),
  });
  const rest = createAlarmClock(options.dynamodb, settings.streamArn, signal);
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const begun = performance.now();
      const found = await reader.poll(signal);
      if (found === "nothing") await rest();
      else if (found === "some") await pause(Math.max(0, BUSY_POLL_MS - (performance.now() - begun)), signal);
    }
  };
  return {
    isIdle: () => options.dynamodb.readStream(settings.streamArn, checkpoint.read(), 1).length === 0,
    done: loop(),
  };
}

function runQueue(mapping: QueueSource, options: MappingsOptions, signal: AbortSignal): RunningMapping {
  const { queueArn } = mapping.settings;
  const poller = new QueueMapping(mapping.settings, {
    queue: options.sqs,
    invoke: (event) => invokeFor(mapping, event, options),
    holds: {
      visibilitySeconds: () => options.holds.visibilitySeconds(queueArn),
      received: options.holds.received,
      ended: (receiptHandle, failed) => options.holds.ended(queueArn, receiptHandle, failed),
    },
    onFault: (error) => options.onFault(mapping.id, error),
  });
  return {
    isIdle: () => poller.running() === 0 && options.sqs.counts(queueArn).visible === 0,
    done: poller.run(signal),
  };
}

/** @throws MissingGrantError when a function's role does not allow its mapping to read */
export function startMappings(options: MappingsOptions): Mappings {
  const enabled = options.mappings.filter((mapping) => mapping.enabled);
  for (const mapping of enabled) checkGrants(mapping, options);
  const stopping = new AbortController();
  const running = enabled.map((mapping) => {
    const one =
      mapping.kind === "stream"
        ? runStream(mapping, options, stopping.signal)
        : runQueue(mapping, options, stopping.signal);
    const done = one.done.catch((error: unknown) => options.onFault(mapping.id, error));
    return { ...one, done };
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await Promise.all(running.map((one) => one.done));
  };
  return { isIdle: () => running.every((one) => one.isIdle()), stop };
}
