import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { workspaceSchema } from "../core/workspace/entitlement.ts";
import type { WorkspaceReader } from "../core/workspace/workspace-store.ts";
import { REGISTRY, registryItem } from "../core/base/table-schema.ts";
import { getRow } from "./dynamo.ts";

export function createWorkspaceReader(client: DynamoDBClient, registryTable: string): WorkspaceReader {
  return {
    readWorkspace: (workspace) =>
      getRow(
        client,
        registryTable,
        { [REGISTRY.workspace]: workspace, [REGISTRY.item]: registryItem.workspace },
        workspaceSchema,
      ),
  };
}
