import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { encodeTime } from "ulid";
import * as z from "zod/mini";
import { destinationSchema } from "../core/destination.ts";
import { comparePositions } from "../core/lane-step.ts";
import { type Position, positionSchema } from "../core/page.ts";
import { DELIVERIES, deliveriesPartition, REGISTRY, registryItem } from "../core/table-schema.ts";
import type { EventDelivery } from "../core/event-delivery.ts";
import { queryAllRows, queryRows } from "./dynamo.ts";

const rowSchema = z.object({
  delivery: z.string(),
  outcome: z.string(),
  createdAt: z.string(),
  first: positionSchema,
  end: positionSchema,
});
const destinationIdSchema = z.pick(destinationSchema, { destination: true });

/** Deliveries of a destination that are looked at, from the time of record on. */
const ROWS_LOOKED_AT = 200;
const TIME_CHARACTERS = 10;

/**
 * Finds the deliveries whose batch covers a place of the journal: of each destination among the first 200 since the event was
 * recorded, where a live lane has it unless it was far behind.
 */
export function createEventDeliveries(client: DynamoDBClient, registry: string, deliveries: string) {
  return async (workspace: string, place: Position, recordedAt: string): Promise<EventDelivery[]> => {
    const destinations = await queryAllRows(
      client,
      registry,
      {
        KeyConditionExpression: "#workspace = :workspace AND begins_with(#item, :prefix)",
        ProjectionExpression: "#destination",
        ExpressionAttributeNames: {
          "#workspace": REGISTRY.workspace,
          "#item": REGISTRY.item,
          "#destination": "destination",
        },
        values: { ":workspace": workspace, ":prefix": registryItem.destinations },
      },
      destinationIdSchema,
    );
    const found = await Promise.all(
      destinations.map(({ destination }) => covering(destination, workspace, place, recordedAt)),
    );
    return found.flat();
  };

  async function covering(
    destination: string,
    workspace: string,
    place: Position,
    recordedAt: string,
  ): Promise<EventDelivery[]> {
    const { rows } = await queryRows(
      client,
      deliveries,
      {
        KeyConditionExpression: "#partition = :partition AND #delivery >= :since",
        ExpressionAttributeNames: { "#partition": DELIVERIES.destination, "#delivery": DELIVERIES.delivery },
        values: {
          ":partition": deliveriesPartition(workspace, destination),
          ":since": `whd_${encodeTime(Date.parse(recordedAt), TIME_CHARACTERS)}`,
        },
        Limit: ROWS_LOOKED_AT,
      },
      rowSchema,
    );
    return rows
      .filter(({ first, end }) => comparePositions(first, place) <= 0 && comparePositions(place, end) < 0)
      .map(({ delivery, outcome, createdAt }) => ({
        destination,
        id: delivery,
        outcome,
        frozenAt: createdAt,
      }));
  }
}
