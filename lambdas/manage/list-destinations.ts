import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import { destinationOperations } from "../core/api/destination-operations.ts";
import { encodeListCursor } from "../core/reading/list-cursor.ts";
import { type Call, readCursor, readQuery } from "./call.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { requireDestination, requireWorkspace } from "./guards.ts";
import { etagOf, presentDestination, presentDestinations } from "./present-destination.ts";

export async function listDestinations(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const { limit, cursor } = readQuery(call, destinationOperations.listDestinations.query);
  const asked = ["destinations", call.workspace];
  const after = readCursor(cursor, asked);
  await requireWorkspace(call, dependencies);
  const rows = await dependencies.registry.listDestinations(call.workspace, after, limit + 1);
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return jsonAnswer(200, {
    items: await presentDestinations(call.workspace, page, dependencies),
    nextCursor: last === undefined ? null : encodeListCursor(last.destination, asked),
  });
}

export async function getDestination(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  await requireWorkspace(call, dependencies);
  const row = await requireDestination(call, dependencies);
  return jsonAnswer(200, await presentDestination(row, dependencies), etagOf(row));
}
