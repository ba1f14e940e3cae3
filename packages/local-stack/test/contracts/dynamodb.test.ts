import { afterAll, beforeAll, describe } from "vitest";
import { dynamoDbExpressionsContract } from "./dynamodb-expressions.contract.ts";
import { dynamoDbReadsContract } from "./dynamodb-reads.contract.ts";
import { dynamoDbTransactionsContract } from "./dynamodb-transactions.contract.ts";
import { dynamoDbWritesContract } from "./dynamodb-writes.contract.ts";
import { startStack, type Stack, type Target } from "./target.ts";

function dynamoDbContract(target: Target): void {
  describe("writes", () => {
    dynamoDbWritesContract(target);
  });
  describe("reads", () => {
    dynamoDbReadsContract(target);
  });
  describe("expressions", () => {
    dynamoDbExpressionsContract(target);
  });
  describe("transactions and tables", () => {
    dynamoDbTransactionsContract(target);
  });
}

describe("the DynamoDB contract on the local stand-in", () => {
  let stack: Stack;
  beforeAll(async () => void (stack = await startStack()));
  afterAll(() => stack.close());
  dynamoDbContract({ kind: "ours", url: () => stack.endpoint.url });
});

const motoUrl = process.env["MOTO_URL"];
describe.runIf(motoUrl)("the DynamoDB contract on moto", () => {
  dynamoDbContract({ kind: "moto", url: () => motoUrl ?? "" });
});
