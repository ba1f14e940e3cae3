import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { FunctionPrincipals } from "../aws-access.ts";
import { MissingGrantError, UnknownTemplateError } from "../errors.ts";
import { readAssets, readFunctions, type FunctionSettings } from "../functions/function-settings.ts";
import { createFunctions, type Functions } from "../functions/functions.ts";
import { mayAssume, type Principal, type Role } from "../iam/guard.ts";
import type { StackContext } from "./context.ts";
import type { Stack } from "../template/stack.ts";
import { ensureAuthority } from "../tls.ts";

/** Functions mostly wait, so several threads can share a processor. Each takes about 30 MB. */
const DEFAULT_MAX_WORKERS = Math.min(16, Math.max(8, 2 * availableParallelism()));

/** Certificate authorities that Node trusts in addition to the public ones. It does not pass them on to its threads. */
function extraAuthorities(): string[] {
  const file = process.env["NODE_EXTRA_CA_CERTS"];
  if (file === undefined || file === "") return [];
  return [readFileSync(file, "utf8")];
}

async function workerDataOf({
  options,
  dir,
  clock,
}: StackContext): Promise<Readonly<Record<string, unknown>>> {
  const authority = await ensureAuthority(dir);
  return options.workerData?.({ ca: [authority.cert, ...extraAuthorities()], clock: clock.anchor }) ?? {};
}

/** The role of each function, which Lambda must be allowed to assume. */
export function principalsOf(
  settings: readonly FunctionSettings[],
  roles: ReadonlyMap<string, Role>,
): FunctionPrincipals {
  const principals = new Map<string, Principal>();
  for (const { logicalId, roleArn, arn } of settings) {
    const role = roles.get(roleArn);
    if (role === undefined) throw new UnknownTemplateError(logicalId, `role ${roleArn}`);
    if (!mayAssume(role, "lambda.amazonaws.com", arn))
      throw new MissingGrantError(logicalId, "sts:AssumeRole", roleArn);
    principals.set(logicalId, { kind: "role", id: logicalId, role });
  }
  return principals;
}

/** The functions of the stack, with the logs, authorities and clock of this machine. */
export async function startFunctions(
  context: StackContext,
  stack: Stack,
  endpointUrl: string,
): Promise<Functions> {
  const { options, dir, storage } = context;
  const assets = readAssets(options.cdkOut, context.stackName);
  return createFunctions({
    settings: readFunctions(stack, assets),
    maxWorkers: options.maxWorkers ?? DEFAULT_MAX_WORKERS,
    awsEndpointUrl: endpointUrl,
    compileCache: join(dir, "compile-cache"),
    workerData: await workerDataOf(context),
    onLine: (line) => {
      storage.logs.write(line.function, line.line);
      options.onLog?.(line);
    },
    onFailure: ({ logicalId }, source, error) =>
      options.onProblem?.({ kind: "invocation-failed", function: logicalId, source, error }),
  });
}
