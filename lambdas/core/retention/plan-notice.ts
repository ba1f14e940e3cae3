import { entitlementEvent } from "../destination/management-event.ts";
import { RETENTION_ACTOR } from "./purge-notices.ts";
import { recordOwnEvent, type Recorder } from "../entry/record-entry.ts";
import type { PurgeDependencies } from "./run-purge.ts";

/**
 * Records in a workspace's log that the settings changed the retention of its plan, as a PUT of its entitlement would
 * have done.
 */
export function createPlanNotice(recorder: Recorder): Pick<PurgeDependencies, "retentionChanged"> {
  return {
    retentionChanged: async (workspace, { before, after, history }) => {
      const { plan, hold = null, version } = workspace;
      const event = entitlementEvent("changed", RETENTION_ACTOR, workspace.workspace, {
        plan,
        retentionDays: after,
        hold,
        ...(history.kept !== undefined && { keptUntil: history.kept.until }),
        before: { plan, retentionDays: before, hold },
      });
      await recordOwnEvent({ workspace, event, idempotencyKey: `retention ${version} ${after}` }, recorder);
    },
  };
}
