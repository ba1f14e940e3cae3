import { resolve } from "node:path";
import type { Command } from "commander";
import type { Clock } from "../lambdas/core/base/clock.ts";
import { readClock, LOCAL_REGION } from "@trailcast/local-stack/access";
import { type Endpoints, isRunning, outputsFile, readEndpoints, readOutputs } from "../local/endpoints.ts";
import { CliError } from "./cli-error.ts";

/** Which stack a command works on: a local one by its data folder, or a deployed one by its outputs file. */
export interface StackOptions {
  data: string;
  outputs?: string;
  stack?: string;
}

export interface StackAccess {
  /**
   * Returns an output of the stack.
   *
   * @throws CliError when the stack has no output of that name
   */
  output(name: string): string;
  /** The clock of the stack: a local one can be ahead of this machine's. */
  clock: Clock;
  /** Data folder of a local stack; `undefined` for a deployed one. */
  dir: string | undefined;
  /** Name of the stack in messages. */
  label: string;
}

/** Adds the options that choose the stack. */
export function addStackOptions(command: Command): Command {
  return command
    .option("--data <dir>", "data folder of a running local stack", ".trailcast")
    .option("--outputs <file>", "a deployed stack instead: the file that `cdk deploy --outputs-file` wrote")
    .option("--stack <name>", "name of the stack, if the file has several");
}

/**
 * Opens the stack that the options name. For a local one, sets environment variables of this process so that AWS
 * clients created afterwards talk to it. For a deployed one, the credentials and Region of the environment are used.
 */
export function openStack(options: StackOptions): StackAccess {
  return options.outputs === undefined
    ? openLocal(options.data)
    : openDeployed(options.outputs, options.stack);
}

function openLocal(data: string): StackAccess {
  const dir = resolve(data);
  const endpoints = requireEndpoints(data, "name a deployed one with --outputs");
  process.env["AWS_ENDPOINT_URL"] = endpoints.awsEndpointUrl;
  process.env["AWS_REGION"] = LOCAL_REGION;
  process.env["AWS_ACCESS_KEY_ID"] = "LOCALADMIN";
  process.env["AWS_SECRET_ACCESS_KEY"] = "local";
  delete process.env["AWS_PROFILE"];
  delete process.env["AWS_SESSION_TOKEN"];
  const access = fromOutputs(outputsFile(dir), undefined, `the local stack of ${data}`);
  return { ...access, clock: () => readClock(dir), dir };
}

/**
 * Returns the addresses of the local stack of a folder. `otherwise` names the alternative in the message.
 *
 * @throws CliError when no stack is running on the folder
 */
export function requireEndpoints(data: string, otherwise: string): Endpoints {
  const endpoints = readEndpoints(resolve(data));
  if (endpoints === undefined) {
    throw new CliError(`No stack is running on ${data}. Start it with \`npm start\`, or ${otherwise}.`);
  }
  // A stack that was killed leaves its file of addresses behind.
  if (!isRunning(endpoints.pid)) {
    throw new CliError(
      `The stack of ${data} (process ${endpoints.pid}) was killed. Start it again with \`npm start\`; its data is kept.`,
    );
  }
  return endpoints;
}

function openDeployed(file: string, stack: string | undefined): StackAccess {
  return { ...fromOutputs(file, stack, stack ?? file), clock: Date.now, dir: undefined };
}

function fromOutputs(
  file: string,
  stack: string | undefined,
  label: string,
): Pick<StackAccess, "output" | "label"> {
  const stacks = readStacks(file);
  const names = Object.keys(stacks);
  const [only] = names;
  const chosen = stack ?? only;
  if (chosen === undefined || (stack === undefined && names.length > 1)) {
    throw new CliError(`${file} has the stacks ${names.join(", ") || "(none)"}: choose one with --stack.`);
  }
  const outputs = stacks[chosen];
  if (outputs === undefined) throw new CliError(`${file} has no stack ${chosen}, only ${names.join(", ")}.`);
  return {
    label,
    output(name) {
      const value = outputs[name] ?? byEnding(outputs, name);
      if (value === undefined) throw new CliError(`The stack ${chosen} has no output ${name} in ${file}.`);
      return value;
    },
  };
}

/**
 * Finds an output by the end of its name: in another app's stack it begins with the construct's path and may end in a
 * hash.
 */
function byEnding(outputs: Readonly<Record<string, string>>, name: string): string | undefined {
  const pattern = new RegExp(`${name}([0-9A-F]{8})?$`);
  const found = Object.entries(outputs)
    .filter(([key]) => pattern.test(key))
    .toSorted(([one], [other]) => one.length - other.length);
  const [shortest, next] = found;
  // `AuditSlowWakeUpQueueUrl` also ends in `WakeUpQueueUrl`, so the shortest name wins. Two of the same length belong
  // to two constructs.
  return shortest?.[0].length === next?.[0].length ? undefined : shortest?.[1];
}

function readStacks(file: string): ReturnType<typeof readOutputs> {
  try {
    return readOutputs(file);
  } catch {
    throw new CliError(
      `Cannot read ${file}. Give the file that \`cdk deploy --outputs-file ${file}\` writes.`,
    );
  }
}
