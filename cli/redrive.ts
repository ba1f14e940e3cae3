import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  SQSClient,
  StartMessageMoveTaskCommand,
  UnsupportedOperation,
} from "@aws-sdk/client-sqs";
import { Command } from "commander";
import * as z from "zod";
import { CliError } from "./cli-error.ts";
import { addStackOptions, openStack, type StackAccess, type StackOptions } from "./stack-access.ts";

const EXAMPLES = `
Examples:
  $ npx trailcast redrive
  $ npx trailcast redrive --outputs outputs.json

Moves wake-ups and purge tasks from dead-letter queues back to their queues. Journals the records in quarantine, or closes their rows
when the events have expired. Fix the fault first. Safe at any time: it delivers and journals nothing twice, and leaves a running move alone.`;

/** Dead-letter queues, by the stack outputs that hold their URLs. */
const DEAD_QUEUES = {
  WakeUpDeadQueueUrl: "wake-ups",
  SlowWakeUpDeadQueueUrl: "slow wake-ups",
  PurgeDeadQueueUrl: "purge tasks",
} as const;

/** Stops a redrive that makes no progress because a fault persists. */
const MAX_PASSES = 100;

const redrivenSchema = z.object({
  journalled: z.number(),
  expired: z.number(),
  unreadable: z.number(),
  remaining: z.boolean(),
});

/** A dead-letter queue whose messages are being moved back. */
interface Moving {
  what: string;
  arn: string;
}

/** Adds `trailcast redrive`. */
export function addRedriveCommand(program: Command): void {
  const command = new Command("redrive")
    .description("retry the contents of the dead-letter queues and the quarantine")
    .addHelpText("after", EXAMPLES)
    .action(async (options: StackOptions) => {
      const stack = openStack(options);
      const sqs = new SQSClient({});
      const moving: Moving[] = [];
      for (const [output, what] of Object.entries(DEAD_QUEUES)) {
        const { outcome, arn } = await moveBack(sqs, stack.output(output));
        print(`${what}: ${outcome}`);
        if (arn !== undefined) moving.push({ what, arn });
      }
      print(await redriveQuarantine(new LambdaClient({}), stack));
      await reportFailedMoves(sqs, moving);
    });
  program.addCommand(addStackOptions(command));
}

/** Completes a message about a move whose state the credentials do not allow to read. */
const UNKNOWN_STATE = "is unknown: the credentials lack sqs:ListMessageMoveTasks";

/** Starts an SQS message move from a dead-letter queue back to the source queue. */
async function moveBack(sqs: SQSClient, queueUrl: string): Promise<{ outcome: string; arn?: string }> {
  const { Attributes: attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ["QueueArn", "ApproximateNumberOfMessages"],
    }),
  );
  const waiting = Number(attributes["ApproximateNumberOfMessages"] ?? 0);
  const arn = attributes["QueueArn"];
  if (waiting === 0 || arn === undefined) return { outcome: "nothing to move" };
  try {
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn }));
  } catch (error) {
    if (!(error instanceof UnsupportedOperation)) throw error;
    const task = await newestMove(sqs, arn);
    if (task === "unknown") {
      process.exitCode = 1;
      return { outcome: `not moved (${error.message}); the state of an earlier move ${UNKNOWN_STATE}` };
    }
    if (task?.Status !== "RUNNING") throw error;
    const { ApproximateNumberOfMessagesMoved: moved = 0, ApproximateNumberOfMessagesToMove: of = waiting } =
      task;
    return { outcome: `a move is already running, ${moved} of about ${of} so far`, arn };
  }
  return { outcome: `moving back about ${waiting} messages`, arn };
}

async function newestMove(
  sqs: SQSClient,
  arn: string,
): Promise<ListMessageMoveTasksResultEntry | "unknown" | undefined> {
  try {
    const { Results: [newest] = [] } = await sqs.send(
      new ListMessageMoveTasksCommand({ SourceArn: arn, MaxResults: 1 }),
    );
    return newest;
  } catch (error) {
    if (error instanceof Error && error.name.startsWith("AccessDenied")) return "unknown";
    throw error;
  }
}

/** Reports moves that have failed so far. SQS continues a move after the command has ended. */
async function reportFailedMoves(sqs: SQSClient, moving: readonly Moving[]): Promise<void> {
  for (const { what, arn } of moving) {
    const task = await newestMove(sqs, arn);
    if (task === "unknown") print(`${what}: the state of the move ${UNKNOWN_STATE}`);
    if (task === undefined || task === "unknown" || task.Status !== "FAILED") continue;
    print(`${what}: the move failed: ${task.FailureReason ?? "no reason given"}`);
    process.exitCode = 1;
  }
}

async function redriveQuarantine(lambda: LambdaClient, stack: StackAccess): Promise<string> {
  const sum = { journalled: 0, expired: 0, unreadable: 0 };
  for (let pass = 1; pass <= MAX_PASSES; pass++) {
    const { remaining, unreadable, ...done } = await invokeOnce(lambda, stack.output("RedriveFunction"));
    sum.journalled += done.journalled;
    sum.expired += done.expired;
    sum.unreadable = unreadable;
    if (!remaining) {
      return `quarantine: ${sum.journalled} journalled, ${sum.expired} closed as expired, ${sum.unreadable} still unreadable`;
    }
  }
  throw new CliError(`The quarantine is not empty after ${MAX_PASSES} passes; run the command again.`);
}

async function invokeOnce(
  lambda: LambdaClient,
  functionName: string,
): Promise<z.infer<typeof redrivenSchema>> {
  const { Payload: payload, FunctionError: functionError } = await lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: "{}" }),
  );
  const text = payload === undefined ? "" : Buffer.from(payload).toString("utf8");
  if (functionError !== undefined) throw new CliError(`The redrive of quarantine failed: ${text}`);
  return redrivenSchema.parse(JSON.parse(text));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
