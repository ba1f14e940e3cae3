import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import { destinationOperations } from "../core/api/destination-operations.ts";
import { toTimestamp } from "../core/base/clock.ts";
import type { Destination, DestinationSecret } from "../core/destination/destination.ts";
import { actorOf, webhookEvent } from "../core/destination/management-event.ts";
import type { RegistryWrite } from "../core/destination/registry-write.ts";
import { newSigningSecret, rotated } from "../core/destination/secret-store.ts";
import { type Call, readOptionalBody, refuse } from "./call.ts";
import { changeSecret } from "./change-secret.ts";
import { recordOf } from "./commit-change.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { contended, requireDestination, requireWorkspace } from "./guards.ts";

export async function rotateSecret(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const { registry, clock, random } = dependencies;
  const { graceSeconds } = readOptionalBody(call, destinationOperations.rotateSecret.body);
  const workspace = await requireWorkspace(call, dependencies);
  const row = await requireDestination(call, dependencies);
  const now = clock();
  const secret = newSigningSecret(random);
  const event = webhookEvent("secret_rotated", actorOf(call.caller.subject), row, { graceSeconds });
  const change = {
    content: (current: DestinationSecret) => rotated(current, secret, graceSeconds, now),
    store: async (next: Destination, release: RegistryWrite) => {
      const stored = { ...next, updatedAt: toTimestamp(now) };
      const result = await registry.commit([
        { kind: "replace", row: stored },
        recordOf(call, workspace, event, dependencies),
        release,
      ]);
      if (result.kind !== "committed") refuse(contended());
    },
  };
  await changeSecret(row, change, dependencies);
  return jsonAnswer(200, { secret, previousValidUntil: toTimestamp(now + graceSeconds * 1000) });
}
