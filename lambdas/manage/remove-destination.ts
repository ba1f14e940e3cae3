import type { HttpAnswer } from "../adapters/http-api.ts";
import { actorOf } from "../core/destination/management-event.ts";
import { removeDestination } from "../core/destination/remove-destination.ts";
import { type Call, refuse } from "./call.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { CHANGE_TRIES, contended, requireDestination, requireWorkspace } from "./guards.ts";
import { tidyUp } from "./tidy-up.ts";

export async function deleteDestination(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const workspace = await requireWorkspace(call, dependencies);
  const remover = { actor: actorOf(call.caller.subject), trace: call.request.trace };
  for (let tries = 0; tries < CHANGE_TRIES; tries++) {
    const row = await requireDestination(call, dependencies);
    if ((await removeDestination(workspace, row, remover, dependencies)) === "removed") {
      await tidyUp(call.workspace, dependencies);
      return { statusCode: 204 };
    }
  }
  return refuse(contended());
}
