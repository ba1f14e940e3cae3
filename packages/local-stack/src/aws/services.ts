/** Stand-ins for AWS services on one machine, and the HTTP endpoint at which SDK clients reach them. */
export * from "./aws-service.ts";
export * from "./database.ts";
export type * from "./dynamodb/dynamodb-service.ts";
export type * from "./sqs/sqs-service.ts";
export { createDynamoDb } from "./dynamodb/dynamodb.ts";
export { createSqs } from "./sqs/sqs.ts";
export * from "./http-endpoint.ts";
