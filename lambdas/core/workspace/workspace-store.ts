import type { Workspace } from "./entitlement.ts";

/** Workspace rows, strongly consistent. */
export interface WorkspaceReader {
  readWorkspace(workspace: string): Promise<Workspace | undefined>;
}
