import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import {
  ATTEMPTS_KEPT,
  type DeliveryLog,
  type DeliveryNote,
  type DeliveryOutcome,
  type DeliveryRecord,
  deliveryRecordSchema,
  isOpen,
} from "../core/delivery-record.ts";
import { DELIVERIES, deliveriesPartition } from "../core/table-schema.ts";
import { type Condition, updateIf } from "./conditional-write.ts";
import { fromAttributes, getRow, isConditionFailure, queryRows, toAttributes } from "./dynamo.ts";

interface Assignments {
  sets: string[];
  names: Record<string, string>;
  values: Record<string, unknown>;
}

/**
 * The delivery log. A note is one update: the row's facts if they are not there, the attempt at the end of its list, the outcome.
 * Where the outcome may not replace what is there, the attempt alone is added.
 */
export function createDeliveryLog(client: DynamoDBClient, table: string): DeliveryLog {
  return {
    async note(note) {
      const { destination, delivery } = note.facts;
      const key = { [DELIVERIES.destination]: destination, [DELIVERIES.delivery]: delivery };
      const closed = await close(client, table, key, note);
      if (closed === undefined || note.attempt === undefined) return closed ?? note.outcome;
      const late = assignments(note);
      await updateIf(client, table, key, `SET ${late.sets.join(", ")}`, {
        ...late,
        condition: "attribute_exists(#delivery)",
        names: { ...late.names, "#delivery": DELIVERIES.delivery },
      });
      return closed;
    },
  };
}

/** Writes the whole note, unless the number had been closed: then answers how. */
async function close(
  client: DynamoDBClient,
  table: string,
  key: Record<string, string>,
  note: DeliveryNote,
): Promise<DeliveryOutcome | undefined> {
  const { update, condition } = closing(note);
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toAttributes(key),
        UpdateExpression: update,
        ConditionExpression: condition.condition,
        ExpressionAttributeNames: condition.names,
        ExpressionAttributeValues: toAttributes(condition.values),
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
    return undefined;
  } catch (error) {
    if (!isConditionFailure(error) || error.Item === undefined) throw error;
    return fromAttributes(error.Item, outcomeSchema, table).outcome;
  }
}

const outcomeSchema = z.pick(deliveryRecordSchema, { outcome: true });

/** Everything that a note adds whatever the outcome is. */
function assignments({ facts, at, attempt }: DeliveryNote): Assignments {
  const { destination: _destination, delivery: _delivery, ...rest } = facts;
  const result: Assignments = {
    sets: ["#updatedAt = :at"],
    names: { "#updatedAt": "updatedAt" },
    values: { ":at": at },
  };
  for (const [name, value] of Object.entries(rest)) {
    if (value === undefined) continue;
    result.sets.push(`#${name} = if_not_exists(#${name}, :${name})`);
    result.names[`#${name}`] = name;
    result.values[`:${name}`] = value;
  }
  result.names["#attempts"] = "attempts";
  if (attempt !== undefined && attempt.attempt > ATTEMPTS_KEPT) {
    // The list is full: the place of an old attempt is taken. An index past the end appends.
    result.sets.push(`#attempts[${attempt.attempt % ATTEMPTS_KEPT}] = :attempt`);
    result.values[":attempt"] = attempt;
    return result;
  }
  result.sets.push("#attempts = list_append(if_not_exists(#attempts, :none), :attempts)");
  result.values[":none"] = [];
  result.values[":attempts"] = attempt === undefined ? [] : [attempt];
  return result;
}

function closing(note: DeliveryNote): { update: string; condition: Required<Condition> } {
  const { outcome, nextAttemptAt } = note;
  const { sets, names, values } = assignments(note);
  const all = { ...names, "#outcome": "outcome", "#next": "nextAttemptAt", "#closedAt": "closedAt" };
  const given: Record<string, unknown> = { ...values, ":outcome": outcome };
  const assigned = [...sets, "#outcome = :outcome"];
  const removed: string[] = [];
  if (nextAttemptAt === undefined) removed.push("#next");
  else {
    assigned.push("#next = :next");
    given[":next"] = nextAttemptAt;
  }
  if (isOpen(outcome)) removed.push("#closedAt");
  else assigned.push("#closedAt = :at");
  const update = `SET ${assigned.join(", ")}${removed.length > 0 ? ` REMOVE ${removed.join(", ")}` : ""}`;
  if (outcome === "delivered") {
    // Replaces any; the condition always holds.
    const condition = "attribute_not_exists(#outcome) OR attribute_exists(#outcome)";
    return { update, condition: { condition, names: all, values: given } };
  }
  const open = { ":retry": "retry", ":suspend": "suspend" };
  const condition = "attribute_not_exists(#outcome) OR #outcome IN (:retry, :suspend)";
  return { update, condition: { condition, names: all, values: { ...given, ...open } } };
}

/** The delivery log as management reads it. */
export interface DeliveryLogReader {
  readDelivery(workspace: string, destination: string, delivery: string): Promise<DeliveryRecord | undefined>;
  /**
   * One answer of a list, newest first. An id begins with its time, so `fromId` (inclusive) and `beforeId` (exclusive) bound the
   * time: the first ids of their milliseconds. It may hold fewer than `limit`, even none, while `next` leads on.
   */
  listDeliveries(
    workspace: string,
    destination: string,
    window: { fromId: string; beforeId: string; outcome?: DeliveryOutcome | undefined; limit: number },
  ): Promise<{ deliveries: DeliveryRecord[]; next: string | undefined }>;
}

const keyOf = (workspace: string, destination: string, delivery: string): Record<string, string> => ({
  [DELIVERIES.destination]: deliveriesPartition(workspace, destination),
  [DELIVERIES.delivery]: delivery,
});

export function createDeliveryLogReader(client: DynamoDBClient, table: string): DeliveryLogReader {
  return {
    async readDelivery(workspace, destination, delivery) {
      const row = await getRow(client, table, keyOf(workspace, destination, delivery), deliveryRecordSchema);
      return row === undefined ? undefined : inOrder(row);
    },
    async listDeliveries(workspace, destination, { fromId, beforeId, outcome, limit }) {
      const isFiltered = outcome !== undefined;
      const { rows, next } = await queryRows(
        client,
        table,
        {
          KeyConditionExpression: "#destination = :destination AND #delivery >= :from",
          ExpressionAttributeNames: {
            "#destination": DELIVERIES.destination,
            "#delivery": DELIVERIES.delivery,
            ...(isFiltered && { "#outcome": "outcome" }),
          },
          ...(isFiltered && { FilterExpression: "#outcome = :outcome" }),
          values: {
            ":destination": deliveriesPartition(workspace, destination),
            ":from": fromId,
            ...(isFiltered && { ":outcome": outcome }),
          },
          ScanIndexForward: false,
          Limit: limit,
          start: toAttributes(keyOf(workspace, destination, beforeId)),
        },
        deliveryRecordSchema,
      );
      return { deliveries: rows.map(inOrder), next: next?.[DELIVERIES.delivery]?.S };
    },
  };
}

/** A full list is written round and round. */
function inOrder(row: DeliveryRecord): DeliveryRecord {
  return { ...row, attempts: row.attempts.toSorted((a, b) => a.attempt - b.attempt) };
}
