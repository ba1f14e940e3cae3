import { AwsError, type AwsCall, type AwsService } from "../aws-service.ts";
import type { Operation, SecretContext } from "./secret-operation.ts";
import { describeSecret, getSecretValue, listSecrets } from "./secret-reads.ts";
import {
  createSecret,
  putSecretValue,
  removeSecret,
  restoreSecret,
  tagSecret,
  untagSecret,
  updateSecret,
} from "./secret-writes.ts";

const OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateSecret: createSecret,
  GetSecretValue: getSecretValue,
  PutSecretValue: putSecretValue,
  UpdateSecret: updateSecret,
  DescribeSecret: describeSecret,
  DeleteSecret: removeSecret,
  RestoreSecret: restoreSecret,
  ListSecrets: listSecrets,
  TagResource: tagSecret,
  UntagResource: untagSecret,
};

/** Actions that clients may call. */
export const SECRETS_ACTIONS: readonly string[] = Object.keys(OPERATIONS);

/** Secrets with versions, stages, recovery windows and client request tokens. */
export function createSecretsManager(context: SecretContext): AwsService {
  return {
    handle: (call: AwsCall) => {
      const run = OPERATIONS[call.action];
      if (run === undefined) {
        throw new AwsError(
          "UnknownOperationException",
          `the local stack does not support Secrets Manager's ${call.action}`,
        );
      }
      return run(context, call.input);
    },
  };
}
