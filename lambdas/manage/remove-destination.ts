import type { HttpAnswer } from "../adapters/http-api.ts";
import { actorOf } from "../core/destination/management-event.ts";
import { removeDestination } from "../core/destination/remove-destination.ts";
import type { Call } from "./call.ts";
import { AGAIN, untilCommitted } from "./commit-change.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { requireDestination, requireWorkspace } from "./guards.ts";
import { cleanUpOrphans } from "./clean-up-orphans.ts";

export async function deleteDestination(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const workspace = await requireWorkspace(call, dependencies);
  const remover = { actor: actorOf(call.caller.subject), trace: call.request.trace };
  await untilCommitted(async () => {
    const row = await requireDestination(call, dependencies);
    const removed = await removeDestination(workspace, row, remover, dependencies);
    return removed === "removed" ? removed : AGAIN;
  });
  await cleanUpOrphans(call.workspace, dependencies);
  return { statusCode: 204 };
}
