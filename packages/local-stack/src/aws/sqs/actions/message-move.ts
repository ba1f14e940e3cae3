import * as z from "zod";
import type { MoveTask } from "../move-tasks.ts";
import { parseInput, type Action } from "./action.ts";

const startSchema = z.strictObject({
  SourceArn: z.string(),
  DestinationArn: z.string().optional(),
  MaxNumberOfMessagesPerSecond: z.number().optional(),
});
const listSchema = z.strictObject({
  SourceArn: z.string(),
  MaxResults: z.number().min(1).max(10).optional(),
});
const cancelSchema = z.strictObject({ TaskHandle: z.string() });

export const startMessageMoveTask: Action = ({ queues, moves }, input) => {
  const request = parseInput(startSchema, input);
  const destination = request.DestinationArn === undefined ? null : queues.atArn(request.DestinationArn);
  const rate = request.MaxNumberOfMessagesPerSecond ?? null;
  return { TaskHandle: moves.start(queues.atArn(request.SourceArn), destination, rate).handle };
};

function show(task: MoveTask): Record<string, unknown> {
  return {
    ...(task.status === "RUNNING" ? { TaskHandle: task.handle } : {}),
    Status: task.status,
    SourceArn: task.source,
    ...(task.destination === null ? {} : { DestinationArn: task.destination }),
    ...(task.rate === null ? {} : { MaxNumberOfMessagesPerSecond: task.rate }),
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    ...(task.failure === null ? {} : { FailureReason: task.failure }),
    StartedTimestamp: task.startedAt,
  };
}

export const listMessageMoveTasks: Action = ({ queues, moves }, input) => {
  const request = parseInput(listSchema, input);
  const tasks = moves.list(queues.atArn(request.SourceArn).arn);
  return { Results: tasks.slice(0, request.MaxResults ?? 1).map(show) };
};

export const cancelMessageMoveTask: Action = ({ moves }, input) => ({
  ApproximateNumberOfMessagesMoved: moves.cancel(parseInput(cancelSchema, input).TaskHandle),
});
