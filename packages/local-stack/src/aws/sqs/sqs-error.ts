import { AwsError } from "../aws-service.ts";

const PREFIX = "AWS.SimpleQueueService.";
/**
 * Errors whose older code (query protocol) differs from the name of their shape: "Common errors" and each action's
 * errors in the API reference.
 */
const QUERY_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: `${PREFIX}NonExistentQueue`,
  QueueNameExists: "QueueAlreadyExists",
  EmptyBatchRequest: `${PREFIX}EmptyBatchRequest`,
  TooManyEntriesInBatchRequest: `${PREFIX}TooManyEntriesInBatchRequest`,
  BatchEntryIdsNotDistinct: `${PREFIX}BatchEntryIdsNotDistinct`,
  BatchRequestTooLong: `${PREFIX}BatchRequestTooLong`,
  InvalidBatchEntryId: `${PREFIX}InvalidBatchEntryId`,
  MessageNotInflight: `${PREFIX}MessageNotInflight`,
  PurgeQueueInProgress: `${PREFIX}PurgeQueueInProgress`,
  UnsupportedOperation: `${PREFIX}UnsupportedOperation`,
};

/** An error of SQS, with the code that older clients know it by. */
export function sqsError(code: string, message: string): AwsError {
  return new AwsError(code, message, { queryCode: QUERY_CODES[code] ?? code });
}

/** `Value X for parameter Y is invalid. Reason: …` */
export function invalidValue(parameter: string, value: unknown, reason: string): AwsError {
  return sqsError(
    "InvalidParameterValue",
    `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`,
  );
}

export function missingParameter(parameter: string): AwsError {
  return sqsError("MissingParameter", `The request must contain the parameter ${parameter}.`);
}

export function noSuchQueue(): AwsError {
  return sqsError("QueueDoesNotExist", "The specified queue does not exist.");
}
