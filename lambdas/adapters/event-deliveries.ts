import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { encodeTime } from "ulid";
import * as z from "zod/mini";
import type { Clock } from "../core/base/clock.ts";
import { deliveryRecordSchema } from "../core/delivery/delivery-record.ts";
import { type Destination, destinationSchema } from "../core/destination/destination.ts";
import {
  type DeliveredEvent,
  deliveryOf,
  type DeliverySpan,
  type EventDeliveries,
  SPANS_LOOKED_AT,
} from "../core/reading/event-delivery.ts";
import { DELIVERIES, deliveriesPartition, REGISTRY, registryItem } from "../core/base/table-schema.ts";
import { queryAllRows, queryRows } from "./dynamo.ts";

const SPAN_FIELDS = [
  "delivery",
  "outcome",
  "createdAt",
  "first",
  "end",
  "recorded",
  "count",
  "contentVersion",
  "expiresAt",
] as const;
const spanSchema = z.pick(deliveryRecordSchema, {
  delivery: true,
  outcome: true,
  createdAt: true,
  first: true,
  end: true,
  recorded: true,
  count: true,
  contentVersion: true,
  expiresAt: true,
});
const filterSchema = z.pick(destinationSchema, { destination: true, eventTypes: true, contentVersion: true });
type DestinationFilter = Pick<Destination, "destination" | "eventTypes" | "contentVersion">;

const TIME_CHARACTERS = 10;

export interface EventDeliveriesSource {
  client: DynamoDBClient;
  registry: string;
  deliveries: string;
  eventTypePrefix: string;
  clock: Clock;
}

/**
 * Finds the deliveries that contained an event. For each destination it examines the first deliveries since the event
 * was recorded, where a live lane has it unless it was far behind, and the newest ones, where a replay has it.
 */
export function createEventDeliveries({
  client,
  registry,
  deliveries,
  eventTypePrefix,
  clock,
}: EventDeliveriesSource) {
  return async (workspace: string, event: DeliveredEvent): Promise<EventDeliveries> => {
    const settings = { eventTypePrefix, now: clock() };
    const destinations = await filtersOf(workspace);
    const found = await Promise.all(
      destinations.map(async (destination) => {
        const { spans, more } = await spansOf(
          deliveriesPartition(workspace, destination.destination),
          event.recordedAt,
        );
        const held = spans.flatMap((span) => deliveryOf(event, span, destination, settings) ?? []);
        return { held, more };
      }),
    );
    return {
      deliveries: found
        .flatMap(({ held }) => held)
        .toSorted((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)),
      more: found.some(({ more }) => more),
    };
  };

  function filtersOf(workspace: string): Promise<DestinationFilter[]> {
    return queryAllRows(
      client,
      registry,
      {
        KeyConditionExpression: "#workspace = :workspace AND begins_with(#item, :prefix)",
        ProjectionExpression: "#destination, #eventTypes, #contentVersion",
        ExpressionAttributeNames: {
          "#workspace": REGISTRY.workspace,
          "#item": REGISTRY.item,
          "#destination": "destination",
          "#eventTypes": "eventTypes",
          "#contentVersion": "contentVersion",
        },
        values: { ":workspace": workspace, ":prefix": registryItem.destinations },
      },
      filterSchema,
    );
  }

  async function spansOf(
    partition: string,
    recordedAt: string,
  ): Promise<{ spans: DeliverySpan[]; more: boolean }> {
    const [oldest, newest] = await Promise.all(
      [true, false].map((forward) =>
        queryRows(client, deliveries, spanQuery(partition, recordedAt, forward), spanSchema),
      ),
    );
    const spans = new Map(
      [...(oldest?.rows ?? []), ...(newest?.rows ?? [])].map((span) => [span.delivery, span]),
    );
    const lastSeen = oldest?.rows.at(-1)?.delivery ?? "";
    const backTo = newest?.rows.at(-1)?.delivery ?? "";
    return { spans: [...spans.values()], more: oldest?.next !== undefined && lastSeen < backTo };
  }
}

function spanQuery(partition: string, recordedAt: string, forward: boolean) {
  return {
    KeyConditionExpression: "#destination = :partition AND #delivery >= :since",
    ProjectionExpression: SPAN_FIELDS.map((field) => `#${field}`).join(", "),
    ExpressionAttributeNames: {
      "#destination": DELIVERIES.destination,
      ...Object.fromEntries(SPAN_FIELDS.map((field) => [`#${field}`, field])),
    },
    values: {
      ":partition": partition,
      ":since": `whd_${encodeTime(Date.parse(recordedAt), TIME_CHARACTERS)}`,
    },
    ScanIndexForward: forward,
    Limit: SPANS_LOOKED_AT,
  };
}
