import * as z from "zod";
import { validationError, type Item } from "../attribute-value.ts";
import { consumedCapacity, type CapacityMode } from "../capacity.ts";
import { isUnchanged } from "../expression/apply-update.ts";
import { project } from "../expression/project.ts";
import type { TableStore } from "../table-store.ts";
import { capacityMode, conditionFailed, parseInput, type Action } from "./action.ts";
import {
  carryOut,
  deleteFields,
  prepareDelete,
  preparePut,
  prepareUpdate,
  putFields,
  updateFields,
  type PreparedWrite,
  type Written,
} from "./prepared-write.ts";

const RETURN_VALUES = ["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"] as const;
type ReturnValues = (typeof RETURN_VALUES)[number];
const answerFields = {
  ReturnConsumedCapacity: capacityMode,
  ReturnItemCollectionMetrics: z.enum(["SIZE", "NONE"]).optional(),
  ReturnValues: z.enum(RETURN_VALUES).optional(),
};
const putSchema = z.strictObject({ ...putFields, ...answerFields });
const deleteSchema = z.strictObject({ ...deleteFields, ...answerFields });
const updateSchema = z.strictObject({ ...updateFields, ...answerFields });

function runWrite(store: TableStore, write: PreparedWrite): Written {
  return store.transaction(() => {
    const before = write.table.get(write.key);
    if (!write.allows(before?.item ?? {})) {
      throw conditionFailed(write.showsFailed ? before?.item : undefined);
    }
    return carryOut(write, before);
  });
}

function nonEmpty(item: Item): Item | undefined {
  return Object.keys(item).length === 0 ? undefined : item;
}

function returnedAttributes(mode: ReturnValues, write: PreparedWrite, written: Written): Item | undefined {
  const before = written.before?.item;
  switch (mode) {
    case "NONE":
      return undefined;
    case "ALL_OLD":
      return before;
    case "ALL_NEW":
      return written.after;
    case "UPDATED_OLD":
      return before === undefined ? undefined : nonEmpty(project(before, write.paths));
    default: {
      const after = written.after ?? {};
      // A removed attribute has no new value.
      return nonEmpty(
        project(
          after,
          write.paths.filter((path) => !isUnchanged({}, after, path)),
        ),
      );
    }
  }
}

interface AnswerInput {
  ReturnConsumedCapacity?: CapacityMode;
  ReturnValues?: ReturnValues | undefined;
}

function answer(input: AnswerInput, write: PreparedWrite, written: Written): Record<string, unknown> {
  const returned = returnedAttributes(input.ReturnValues ?? "NONE", write, written);
  const capacity = consumedCapacity(
    input.ReturnConsumedCapacity,
    write.table.definition.name,
    written.consumed,
  );
  return {
    ...(returned === undefined ? {} : { Attributes: returned }),
    ...(capacity === undefined ? {} : { ConsumedCapacity: capacity }),
  };
}

function checkReturnsOldOnly(mode: ReturnValues | undefined): void {
  if (mode !== undefined && mode !== "NONE" && mode !== "ALL_OLD") {
    throw validationError("Return values set to invalid value");
  }
}

export const putItem: Action = (store, input) => {
  const request = parseInput(putSchema, input);
  checkReturnsOldOnly(request.ReturnValues);
  const write = preparePut(store, request);
  return answer(request, write, runWrite(store, write));
};

export const deleteItem: Action = (store, input) => {
  const request = parseInput(deleteSchema, input);
  checkReturnsOldOnly(request.ReturnValues);
  const write = prepareDelete(store, request);
  return answer(request, write, runWrite(store, write));
};

export const updateItem: Action = (store, input) => {
  const request = parseInput(updateSchema, input);
  const write = prepareUpdate(store, request);
  return answer(request, write, runWrite(store, write));
};
