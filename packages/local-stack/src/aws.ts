/** The stand-ins of single AWS services, for tests that need a table, a queue or a secret but not a whole stack. */
export { AwsError, NoAnswerError, type AwsCall, type AwsService } from "./aws/aws-service.ts";
export { openDatabase } from "./aws/database.ts";
export { itemSize } from "./aws/dynamodb/attribute-order.ts";
export type { Item } from "./aws/dynamodb/attribute-value.ts";
export type { DynamoDbService, StreamRecord } from "./aws/dynamodb/dynamodb-service.ts";
export { createDynamoDb } from "./aws/dynamodb/dynamodb.ts";
export { startHttpEndpoint, type HttpEndpoint } from "./aws/http-endpoint.ts";
export { openSecretStore } from "./aws/secrets/secret-store.ts";
export { createSecretsManager } from "./aws/secrets/secrets-manager.ts";
export type { SqsService } from "./aws/sqs/sqs-service.ts";
export { createSqs } from "./aws/sqs/sqs.ts";
export { compilePattern } from "./mappings/event-pattern.ts";
