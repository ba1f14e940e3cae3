import { resolve } from "node:path";
import type { Command } from "commander";
import type { Clock } from "../lambdas/core/base/clock.ts";
import { readClock, LOCAL_REGION } from "@trailcast/local-stack/access";
import { type Endpoints, isRunning, outputsFile, readEndpoints, readOutputs } from "../local/endpoints.ts";
import { CliError } from "./cli-error.ts";

/** Which stack a command works on: a local one by its folder, a deployed one by the file of its outputs. */
export interface StackOptions {
  data: string;
  outputs?: string;
  stack?: string;
}

export interface StackAccess {
  /** An output of the stack by name; throws `CliError` when it has none of that name. */
  output(name: string): string;
  /** The stack's time. */
  clock: Clock;
  /** Folder of a local stack. */
  dir: string | undefined;
  /** How the stack is called in messages. */
  label: string;
}

/** Adds the options that choose the stack. */
export function addStackOptions(command: Command): Command {
  return command
    .option("--data <dir>", "data folder of a running local stack", ".trailcast")
    .option("--outputs <file>", "a deployed stack instead: what `cdk deploy --outputs-file` wrote")
    .option("--stack <name>", "its name, when the file has several");
}

/**
 * Opens the stack that the options name. For a local one the environment of this process is pointed at it, so that every AWS client
 * made afterwards talks to it; a deployed one is reached with the credentials and Region of the environment.
 */
export function openStack(options: StackOptions): StackAccess {
  return options.outputs === undefined
    ? openLocal(options.data)
    : openDeployed(options.outputs, options.stack);
}

function openLocal(data: string): StackAccess {
  const dir = resolve(data);
  const endpoints = requireEndpoints(data, "name a deployed one by --outputs");
  process.env["AWS_ENDPOINT_URL"] = endpoints.awsEndpointUrl;
  process.env["AWS_REGION"] = LOCAL_REGION;
  process.env["AWS_ACCESS_KEY_ID"] = "LOCALADMIN";
  process.env["AWS_SECRET_ACCESS_KEY"] = "local";
  delete process.env["AWS_PROFILE"];
  delete process.env["AWS_SESSION_TOKEN"];
  const access = fromOutputs(outputsFile(dir), undefined, `the local stack of ${data}`);
  return { ...access, clock: () => readClock(dir), dir };
}

/** Where the local stack of a folder listens; throws `CliError` when none does. `otherwise` says what else one can do. */
export function requireEndpoints(data: string, otherwise: string): Endpoints {
  const endpoints = readEndpoints(resolve(data));
  if (endpoints === undefined) {
    throw new CliError(`No stack runs on ${data}. Start it with \`npm start\`, or ${otherwise}.`);
  }
  // One that was killed leaves its addresses behind.
  if (!isRunning(endpoints.pid)) {
    throw new CliError(
      `The stack of ${data} (process ${endpoints.pid}) was killed. Start it again with \`npm start\`: it goes on with everything it had.`,
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
    throw new CliError(`${file} has the stacks ${names.join(", ") || "(none)"}: choose one by --stack.`);
  }
  const outputs = stacks[chosen];
  if (outputs === undefined) throw new CliError(`${file} has no stack ${chosen}, but ${names.join(", ")}.`);
  return {
    label,
    output(name) {
      const value = outputs[name] ?? byEnding(outputs, name);
      if (value === undefined) throw new CliError(`The stack ${chosen} has no output ${name} in ${file}.`);
      return value;
    },
  };
}

/** Inside another app's stack the outputs' names begin with the construct's path and may end in a hash. */
function byEnding(outputs: Readonly<Record<string, string>>, name: string): string | undefined {
  const pattern = new RegExp(`${name}([0-9A-F]{8})?$`);
  const found = Object.entries(outputs)
    .filter(([key]) => pattern.test(key))
    .toSorted(([one], [other]) => one.length - other.length);
  const [shortest, next] = found;
  // `AuditSlowWakeUpQueueUrl` ends in `WakeUpQueueUrl` as well, but has more before it; two of one length are of two constructs.
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
