import type { AsyncInvocations } from "../functions/async-invocations.ts";
import type { Functions } from "../functions/functions.ts";

/** The target to which a schedule or a rule sends its event. */
export type Target =
  | { kind: "function"; arn: string; name: string }
  | { kind: "queue"; arn: string; group: string | undefined }
  | { kind: "log"; arn: string; name: string };

/** The permission that sending to a target needs. */
export function actionOf(target: Target): string {
  if (target.kind === "function") return "lambda:InvokeFunction";
  return target.kind === "queue" ? "sqs:SendMessage" : "logs:PutLogEvents";
}

/** Parses a target's ARN; undefined if the runtime does not support its service. */
export function targetOf(
  arn: string,
  functions: Pick<Functions, "find">,
  group: string | undefined,
): Target | undefined {
  const service = arn.split(":")[2];
  const fn = functions.find(arn);
  if (fn !== undefined) return { kind: "function", arn, name: fn.name };
  if (service === "sqs") return { kind: "queue", arn, group };
  if (service === "logs") return { kind: "log", arn, name: arn.split(":")[6] ?? arn };
  return undefined;
}

export interface TargetSender {
  /** `source` is the logical id of the sender. */
  send(target: Target, event: string, source: string): void;
}

export function createTargetSender(options: {
  async: Pick<AsyncInvocations, "send">;
  sendToQueue(queueArn: string, body: string, group?: string): void;
  writeLog(name: string, line: string): void;
}): TargetSender {
  return {
    send: (target, event, source) => {
      if (target.kind === "function") options.async.send(target.name, event, source);
      else if (target.kind === "queue") options.sendToQueue(target.arn, event, target.group);
      else options.writeLog(target.name, event);
    },
  };
}
