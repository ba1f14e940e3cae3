import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, SQSClient, StartMessageMoveTaskCommand } from "@aws-sdk/client-sqs";
import { Command } from "commander";
import * as z from "zod";
import { CliError } from "./cli-error.ts";
import { addStackOptions, openStack, type StackAccess, type StackOptions } from "./stack-access.ts";

const EXAMPLES = `
Examples:
  $ npx trailcast redrive
  $ npx trailcast redrive --outputs outputs.json

Rings and purge tasks that failed too often go back to their queues, and the records in quarantine are journalled, or their rows closed
when the events have expired. Safe at any time: nothing is delivered or journalled twice by it. Fix the fault first.`;

/** Dead-letter queues by the outputs that name them. */
const DEAD_QUEUES = {
  RingDeadQueueUrl: "rings",
  SlowRingDeadQueueUrl: "slow rings",
  PurgeDeadQueueUrl: "purge tasks",
} as const;

/** More than this and something keeps failing. */
const MAX_PASSES = 100;

const redrivenSchema = z.object({
  journalled: z.number(),
  expired: z.number(),
  unreadable: z.number(),
  remaining: z.boolean(),
});

/** `trailcast redrive` */
export function addRedriveCommand(program: Command): void {
  const command = new Command("redrive")
    .description("send what lies in dead-letter queues and quarantine on its way again")
    .addHelpText("after", EXAMPLES)
    .action(async (options: StackOptions) => {
      const stack = openStack(options);
      const sqs = new SQSClient({});
      for (const [output, what] of Object.entries(DEAD_QUEUES)) {
        print(`${what}: ${await moveBack(sqs, stack.output(output))}`);
      }
      print(await redriveQuarantine(new LambdaClient({}), stack));
    });
  program.addCommand(addStackOptions(command));
}

/** Starts SQS's own move of a dead-letter queue's messages to where they came from. */
async function moveBack(sqs: SQSClient, queueUrl: string): Promise<string> {
  const { Attributes: attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ["QueueArn", "ApproximateNumberOfMessages"],
    }),
  );
  const waiting = Number(attributes["ApproximateNumberOfMessages"] ?? 0);
  const arn = attributes["QueueArn"];
  if (waiting === 0 || arn === undefined) return "none dead";
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn }));
  return `about ${waiting} on their way back`;
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
