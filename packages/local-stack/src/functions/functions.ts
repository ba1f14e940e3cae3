import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FUNCTION_KEY_PREFIX } from "../access-keys.ts";
import { LOCAL_REGION } from "../region.ts";
import type { Caller } from "../runtime/disturbance.ts";
import type { FunctionLogLine } from "../runtime/types.ts";
import { FunctionPool, type InvocationResult } from "./function-pool.ts";
import type { FunctionSettings } from "./function-settings.ts";

/**
 * Secret access key of every function. Signatures are not verified, since they do not separate callers on a local
 * stack.
 */
export const FUNCTION_SECRET = "local";

/** Lambda's limit for requests and responses of synchronous invocations. */
const MAX_PAYLOAD_BYTES = 6_291_556;

/**
 * An HTTP API waits 30 seconds for a function. A function with a time-out of more than a minute is therefore assumed to
 * work in the background.
 */
const LONGEST_WAIT_MS = 60_000;

export interface FunctionsOptions {
  settings: readonly FunctionSettings[];
  /** Maximum number of instances of one function, whatever its concurrency. */
  maxWorkers: number;
  awsEndpointUrl: string;
  compileCache: string;
  /** Further properties of each function's `workerData`. */
  workerData: Readonly<Record<string, unknown>>;
  onLine(line: FunctionLogLine): void;
  onFailure(settings: FunctionSettings, source: string, error: string): void;
}

/** The functions of a stack, which can be found by name or ARN. */
export interface Functions {
  find(nameOrArn: string): FunctionSettings | undefined;
  all: readonly FunctionSettings[];
  concurrency(settings: FunctionSettings): number;
  /** `source` names the caller in reports of a failure. `event` and the result are JSON text. */
  invoke(settings: FunctionSettings, event: string, source: string): Promise<InvocationResult>;
  busy(): number;
  /** The instance whose AWS calls have this session token, while it exists. */
  instanceOf(session: string): Caller | undefined;
  stop(graceMs: number): Promise<void>;
}

/** The `process.env` of a function: the template's variables and Lambda's own, but none of this machine. */
function environmentOf(settings: FunctionSettings, awsEndpointUrl: string): Record<string, string> {
  return {
    ...settings.environment,
    AWS_LAMBDA_FUNCTION_NAME: settings.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMegabytes),
    AWS_LAMBDA_LOG_GROUP_NAME: settings.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: "local",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_EXECUTION_ENV: `AWS_Lambda_${settings.runtime}`,
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: `${FUNCTION_KEY_PREFIX}${settings.logicalId}`,
    AWS_SECRET_ACCESS_KEY: FUNCTION_SECRET,
    AWS_ENDPOINT_URL: awsEndpointUrl,
    AWS_EC2_METADATA_DISABLED: "true",
    LAMBDA_TASK_ROOT: settings.folder,
    _HANDLER: `${settings.module}.${settings.exportName}`,
  };
}

function moduleFile(settings: FunctionSettings): string {
  const found = [".mjs", ".js", ".cjs"]
    .map((ending) => `${settings.module}${ending}`)
    .find((file) => existsSync(join(settings.folder, file)));
  return found ?? `${settings.module}.mjs`;
}

function poolOf(
  settings: FunctionSettings,
  concurrency: number,
  options: FunctionsOptions,
  instances: Map<string, Caller>,
): FunctionPool {
  return new FunctionPool({
    data: {
      module: moduleFile(settings),
      folder: settings.folder,
      exportName: settings.exportName,
      compileCache: options.compileCache,
      functionName: settings.name,
      functionArn: settings.arn,
      memoryMegabytes: settings.memoryMegabytes,
      logGroup: settings.logGroup,
      logStream: "local",
      isBackground: isBackground(settings),
    },
    environment: environmentOf(settings, options.awsEndpointUrl),
    workerData: options.workerData,
    concurrency,
    timeoutMs: settings.timeoutMs,
    requestId: randomUUID,
    onLine: (stream, line) => options.onLine({ function: settings.logicalId, stream, line }),
    onInstance: (session, instance) => {
      if (instance === undefined) instances.delete(session);
      else
        instances.set(session, {
          function: settings.logicalId,
          isBackground: isBackground(settings),
          kill: () => instance.terminate(),
        });
    },
  });
}

const isBackground = ({ timeoutMs }: FunctionSettings): boolean => timeoutMs > LONGEST_WAIT_MS;

function withinLimit(result: InvocationResult): InvocationResult {
  if (result.kind === "failed" || result.result.length <= MAX_PAYLOAD_BYTES) return result;
  return {
    kind: "failed",
    errorType: "Function.ResponseSizeTooLarge",
    errorMessage: `Response payload size exceeded maximum allowed payload size (${MAX_PAYLOAD_BYTES} bytes).`,
    trace: [],
  };
}

/** Creates the functions of a stack. Their threads are started when they are first needed. */
export function createFunctions(options: FunctionsOptions): Functions {
  const pools = new Map<string, FunctionPool>();
  const instances = new Map<string, Caller>();
  const byName = new Map(
    options.settings.flatMap((one) => [[one.name, one] as const, [one.arn, one] as const]),
  );
  const concurrency = (settings: FunctionSettings): number =>
    Math.min(settings.reservedConcurrency ?? options.maxWorkers, options.maxWorkers);
  const pool = (settings: FunctionSettings): FunctionPool => {
    const known = pools.get(settings.logicalId);
    if (known !== undefined) return known;
    const made = poolOf(settings, concurrency(settings), options, instances);
    pools.set(settings.logicalId, made);
    return made;
  };
  const invoke = async (
    settings: FunctionSettings,
    event: string,
    source: string,
  ): Promise<InvocationResult> => {
    const result = withinLimit(await pool(settings).invoke(event));
    if (result.kind === "failed") {
      const text = `${result.errorType}: ${result.errorMessage}`;
      options.onLine({
        function: settings.logicalId,
        stream: "stderr",
        line: [text, ...result.trace].join("\n"),
      });
      options.onFailure(settings, source, text);
    }
    return result;
  };
  return {
    find: (nameOrArn) => byName.get(nameOrArn),
    all: options.settings,
    concurrency,
    invoke,
    busy: () => [...pools.values()].reduce((sum, one) => sum + one.busy(), 0),
    instanceOf: (session) => instances.get(session),
    stop: async (graceMs) => {
      await Promise.all([...pools.values()].map((one) => one.stop(graceMs)));
    },
  };
}
