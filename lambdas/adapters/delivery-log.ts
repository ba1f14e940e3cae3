import {
  type ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import {
  ATTEMPTS_KEPT,
  type DeliveryLog,
  type DeliveryNote,
  type DeliveryOutcome,
  type DeliveryRecord,
  deliveryRecordSchema,
  inOrder,
  isOpen,
  mayReplace,
  placeOfNext,
} from "../core/delivery/delivery-record.ts";
import { DELIVERIES, deliveriesPartition } from "../core/base/table-schema.ts";
import { TrailcastError } from "../core/base/trailcast-error.ts";
import { fromAttributes, getRow, isConditionFailure, queryRows, toAttributes } from "./dynamo.ts";

/** A row has few writers: the run of its lane, a former run that has not ended yet, and management. */
const NOTE_TRIES = 5;

/** Thrown when the row changed between every read and the write that followed it. */
export class ContendedDeliveryError extends TrailcastError {
  override name = "ContendedDeliveryError";
  constructor(delivery: string) {
    super(`Delivery ${delivery} was changed at each of ${NOTE_TRIES} tries to add to its row`);
  }
}

/** The part of an existing row that a note depends on. */
const presentSchema = z.pick(deliveryRecordSchema, { outcome: true, attempts: true });
type Present = z.infer<typeof presentSchema>;

/**
 * The delivery log. A note is one update that sets the facts if they are missing, appends the attempt and sets the
 * outcome. It first assumes that there is no row, or an open one with room. If that is refused, it is repeated for the
 * row that the refusal returned. If the outcome must not replace the existing one, only the attempt is added.
 */
export function createDeliveryLog(client: DynamoDBClient, table: string): DeliveryLog {
  return {
    async note(note) {
      let present: Present | undefined;
      for (let tries = 0; tries < NOTE_TRIES; tries++) {
        const closed = closedBefore(note, present);
        if (closed !== undefined && note.attempt === undefined) return closed;
        const refusal = await write(client, table, note, present);
        if (refusal === undefined) return closed ?? note.outcome;
        present = refusal.Item && fromAttributes(refusal.Item, presentSchema, table);
      }
      throw new ContendedDeliveryError(note.facts.delivery);
    },
  };
}

/** The outcome with which the number was closed, if the note must not replace it. */
function closedBefore(note: DeliveryNote, present: Present | undefined): DeliveryOutcome | undefined {
  return mayReplace(present?.outcome, note.outcome) ? undefined : present?.outcome;
}

/** Returns the refusal if the row differs from what was assumed. */
async function write(
  client: DynamoDBClient,
  table: string,
  note: DeliveryNote,
  present: Present | undefined,
): Promise<ConditionalCheckFailedException | undefined> {
  const { destination, delivery } = note.facts;
  const { sets, removes, conditions, names, values } = updateOf(note, present);
  const condition = conditions.join(" AND ");
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toAttributes({ [DELIVERIES.destination]: destination, [DELIVERIES.delivery]: delivery }),
        UpdateExpression: `SET ${sets.join(", ")}${removes.length > 0 ? ` REMOVE ${removes.join(", ")}` : ""}`,
        ConditionExpression:
          present === undefined ? `attribute_not_exists(#delivery) OR (${condition})` : condition,
        ExpressionAttributeNames: { ...names, "#delivery": DELIVERIES.delivery },
        ExpressionAttributeValues: toAttributes(values),
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
    return undefined;
  } catch (error) {
    if (isConditionFailure(error)) return error;
    throw error;
  }
}

interface Update {
  sets: string[];
  removes: string[];
  /** Conditions on the existing row. */
  conditions: string[];
  names: Record<string, string>;
  values: Record<string, unknown>;
}

function updateOf(note: DeliveryNote, present: Present | undefined): Update {
  const update: Update = {
    sets: ["#updatedAt = :at", "#expiresAt = :expiresAt"],
    removes: [],
    conditions: ["attribute_exists(#delivery)"],
    names: { "#updatedAt": "updatedAt", "#expiresAt": "expiresAt", "#attempts": "attempts" },
    values: { ":at": note.at, ":expiresAt": note.facts.expiresAt },
  };
  setFacts(update, note);
  addAttempt(update, note, present);
  if (present !== undefined) {
    update.conditions.push("#outcome = :seen");
    update.names["#outcome"] = "outcome";
    update.values[":seen"] = present.outcome;
  } else if (note.outcome !== "delivered") {
    update.conditions.push("#outcome IN (:retry, :suspend)");
    Object.assign(update.values, { ":retry": "retry", ":suspend": "suspend" });
  }
  if (closedBefore(note, present) === undefined) setOutcome(update, note);
  return update;
}

/** The facts are equal in all notes of a delivery. The expiry counts from the last note. */
function setFacts({ sets, names, values }: Update, { facts }: DeliveryNote): void {
  const { destination: _destination, delivery: _delivery, expiresAt: _expiresAt, ...rest } = facts;
  for (const [name, value] of Object.entries(rest)) {
    if (value === undefined) continue;
    sets.push(`#${name} = if_not_exists(#${name}, :${name})`);
    names[`#${name}`] = name;
    values[`:${name}`] = value;
  }
}

/**
 * Whether there is room depends on the row: the lane's number of attempts starts again within a row and continues over
 * several rows.
 */
function addAttempt(update: Update, { attempt }: DeliveryNote, present: Present | undefined): void {
  const { sets, conditions, names, values } = update;
  const place = present === undefined ? 0 : placeOfNext(present.attempts);
  const oldest = present?.attempts[place];
  if (attempt !== undefined && oldest !== undefined) {
    sets.push(`#attempts[${place}] = :attempt`);
    conditions.push(`#attempts[${place}].#at = :oldestAt`);
    names["#at"] = "at";
    Object.assign(values, { ":attempt": attempt, ":oldestAt": oldest.at });
    return;
  }
  sets.push("#attempts = list_append(if_not_exists(#attempts, :none), :attempts)");
  Object.assign(values, { ":none": [], ":attempts": attempt === undefined ? [] : [attempt] });
  if (attempt === undefined) return;
  conditions.push("size(#attempts) < :kept");
  values[":kept"] = ATTEMPTS_KEPT;
}

function setOutcome(update: Update, { outcome, nextAttemptAt }: DeliveryNote): void {
  const { sets, removes, names, values } = update;
  Object.assign(names, { "#outcome": "outcome", "#next": "nextAttemptAt", "#closedAt": "closedAt" });
  sets.push("#outcome = :outcome");
  values[":outcome"] = outcome;
  if (nextAttemptAt === undefined) removes.push("#next");
  else {
    sets.push("#next = :next");
    values[":next"] = nextAttemptAt;
  }
  if (isOpen(outcome)) removes.push("#closedAt");
  else sets.push("#closedAt = :at");
}

/** Reads the delivery log, for management. */
export interface DeliveryLogReader {
  readDelivery(workspace: string, destination: string, delivery: string): Promise<DeliveryRecord | undefined>;
  /**
   * One page of a list, newest first. Ids begin with their time, so that `fromId` (inclusive) and `beforeId`
   * (exclusive) limit the time; they are the first ids of their milliseconds. A page may have fewer than `limit` items,
   * even none, while `next` continues it.
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
      return row === undefined ? undefined : asAttempted(row);
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
      return { deliveries: rows.map(asAttempted), next: next?.[DELIVERIES.delivery]?.S };
    },
  };
}

/** `attempts` is a ring buffer; sort it by time. */
function asAttempted(row: DeliveryRecord): DeliveryRecord {
  return { ...row, attempts: inOrder(row.attempts) };
}
