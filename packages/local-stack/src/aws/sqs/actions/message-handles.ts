import * as z from "zod";
import { changeVisibility, deleteInFlight } from "../in-flight.ts";
import { checkEntries, eachEntry, parseInput, type Action } from "./action.ts";

const target = { QueueUrl: z.string() };
const deleteSchema = z.strictObject({ ...target, ReceiptHandle: z.string() });
const deleteBatchSchema = z.strictObject({
  ...target,
  Entries: z.array(z.strictObject({ Id: z.string(), ReceiptHandle: z.string() })),
});
const changeFields = { ReceiptHandle: z.string(), VisibilityTimeout: z.number() };
const changeSchema = z.strictObject({ ...target, ...changeFields });
const changeBatchSchema = z.strictObject({
  ...target,
  Entries: z.array(z.strictObject({ Id: z.string(), ...changeFields })),
});

export const deleteMessage: Action = (service, input) => {
  const request = parseInput(deleteSchema, input);
  const queue = service.queues.atUrl(request.QueueUrl);
  deleteInFlight(service.messages, queue, request.ReceiptHandle);
  // The next message of the group may be received now.
  if (queue.settings.fifo) service.arrivals.announce(queue);
  return {};
};

export const deleteMessageBatch: Action = (service, input) => {
  const request = parseInput(deleteBatchSchema, input);
  const queue = service.queues.atUrl(request.QueueUrl);
  checkEntries(request.Entries);
  const answer = eachEntry(request.Entries, (entry) => {
    deleteInFlight(service.messages, queue, entry.ReceiptHandle);
    return {};
  });
  if (queue.settings.fifo) service.arrivals.announce(queue);
  return answer;
};

export const changeMessageVisibility: Action = (service, input) => {
  const request = parseInput(changeSchema, input);
  const queue = service.queues.atUrl(request.QueueUrl);
  changeVisibility(service.messages, queue, request.ReceiptHandle, request.VisibilityTimeout);
  service.arrivals.announce(queue);
  return {};
};

export const changeMessageVisibilityBatch: Action = (service, input) => {
  const request = parseInput(changeBatchSchema, input);
  const queue = service.queues.atUrl(request.QueueUrl);
  checkEntries(request.Entries);
  const answer = eachEntry(request.Entries, (entry) => {
    changeVisibility(service.messages, queue, entry.ReceiptHandle, entry.VisibilityTimeout);
    return {};
  });
  service.arrivals.announce(queue);
  return answer;
};
