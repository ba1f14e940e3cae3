import { createHash } from "node:crypto";
import * as z from "zod";
import { AwsError } from "../../aws-service.ts";
import { validationError, type Item } from "../attribute-value.ts";
import { itemSize } from "../attribute-order.ts";
import { CapacityMeter, capacityUnits, WRITE_UNIT_BYTES } from "../capacity.ts";
import { keyText } from "../item-key.ts";
import type { Row } from "../row-reader.ts";
import type { TableStore } from "../table-store.ts";
import { capacityMode, parseInput, type Action } from "./action.ts";
import {
  carryOut,
  deleteFields,
  prepareCheck,
  prepareDelete,
  preparePut,
  prepareUpdate,
  putFields,
  updateFields,
  type PreparedWrite,
} from "./prepared-write.ts";

/** API reference: at most 100 actions and 4 MB in all; a client request token is valid for 10 minutes. */
const MAX_ACTIONS = 100;
const MAX_BYTES = 4 * 1024 * 1024;
const TOKEN_MS = 600_000;
/** Transactional writes cost two units for each kilobyte. */
const TRANSACTION_FACTOR = 2;

const operationSchema = z.strictObject({
  Put: z.strictObject(putFields).optional(),
  Update: z.strictObject(updateFields).optional(),
  Delete: z.strictObject(deleteFields).optional(),
  ConditionCheck: z.strictObject({ ...deleteFields, ConditionExpression: z.string() }).optional(),
});
const schema = z.strictObject({
  TransactItems: z.array(operationSchema).min(1),
  ClientRequestToken: z.string().min(1).max(36).optional(),
  ReturnConsumedCapacity: capacityMode,
  ReturnItemCollectionMetrics: z.enum(["SIZE", "NONE"]).optional(),
});

type Operation = z.infer<typeof operationSchema>;

function prepare(store: TableStore, operation: Operation): PreparedWrite {
  if (Object.keys(operation).length !== 1) {
    throw validationError("TransactItems can only contain one of Check, Put, Update or Delete");
  }
  if (operation.Put) return preparePut(store, operation.Put);
  if (operation.Update) return prepareUpdate(store, operation.Update);
  if (operation.Delete) return prepareDelete(store, operation.Delete);
  if (operation.ConditionCheck) return prepareCheck(store, operation.ConditionCheck);
  throw validationError("TransactItems can only contain one of Check, Put, Update or Delete");
}

interface Reason {
  Code: string;
  Message?: string;
  Item?: Item;
}

function cancelled(reasons: readonly Reason[]): AwsError {
  const codes = reasons.map(({ Code }) => Code).join(", ");
  return new AwsError(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { extra: { CancellationReasons: reasons } },
  );
}

function judge(write: PreparedWrite, before: Row | undefined): Reason {
  if (write.allows(before?.item ?? {})) return { Code: "None" };
  const item = write.showsFailed ? before?.item : undefined;
  return {
    Code: "ConditionalCheckFailed",
    Message: "The conditional request failed",
    ...(item === undefined ? {} : { Item: item }),
  };
}

/**
 * Carries out all writes. A write whose condition the item does not meet cancels them all, with its position as the
 * reason.
 */
function carryOutAll(writes: readonly PreparedWrite[], rows: readonly (Row | undefined)[]): CapacityMeter {
  const meter = new CapacityMeter();
  let bytes = 0;
  for (const [position, write] of writes.entries()) {
    try {
      const { after, consumed } = carryOut(write, rows[position]);
      const size = after === undefined ? 0 : itemSize(after);
      bytes += size;
      const checked = { table: capacityUnits(size, WRITE_UNIT_BYTES), indexes: new Map<string, number>() };
      meter.add(write.table.definition.name, write.change === null ? checked : consumed, TRANSACTION_FACTOR);
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== "ValidationException") throw error;
      throw cancelled(
        writes.map((_, at) =>
          at === position ? { Code: "ValidationError", Message: error.message } : { Code: "None" },
        ),
      );
    }
  }
  if (bytes > MAX_BYTES) throw validationError("Collection size exceeded: the transaction exceeds 4 MB");
  return meter;
}

/** Whether the same request with the same token was carried out before. */
function isRepeat(store: TableStore, token: string, request: string): boolean {
  const since = store.clock() - TOKEN_MS;
  store.database.prepare("DELETE FROM dynamodb_token WHERE at <= ?").run(since);
  const known = store.database.prepare("SELECT request FROM dynamodb_token WHERE token = ?").get(token);
  if (known === undefined) {
    const insert = store.database.prepare("INSERT INTO dynamodb_token (token, request, at) VALUES (?, ?, ?)");
    insert.run(token, request, store.clock());
    return false;
  }
  if (known["request"] !== request) {
    throw new AwsError(
      "IdempotentParameterMismatchException",
      "The request was rejected because it was retried with a client token but with different parameters",
    );
  }
  return true;
}

function checkTargets(writes: readonly PreparedWrite[]): void {
  if (writes.length > MAX_ACTIONS) {
    throw validationError(
      `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to ${MAX_ACTIONS}`,
    );
  }
  const targets = new Set(writes.map(({ table, key }) => `${table.id} ${keyText(key)}`));
  if (targets.size !== writes.length) {
    throw validationError("Transaction request cannot include multiple operations on one item");
  }
}

export const transactWriteItems: Action = (store, input) => {
  const request = parseInput(schema, input);
  const writes = request.TransactItems.map((operation) => prepare(store, operation));
  checkTargets(writes);
  const digest = createHash("sha256").update(JSON.stringify(request.TransactItems)).digest("hex");
  const token = request.ClientRequestToken;
  return store.transaction(() => {
    if (token !== undefined && isRepeat(store, token, digest)) return {};
    const rows = writes.map(({ table, key }) => table.get(key));
    const reasons = writes.map((write, position) => judge(write, rows[position]));
    if (reasons.some(({ Code }) => Code !== "None")) throw cancelled(reasons);
    return carryOutAll(writes, rows).answer(request.ReturnConsumedCapacity);
  });
};
