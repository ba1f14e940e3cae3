import { afterAll, beforeAll, describe } from "vitest";
import { sqsFifoContract } from "./sqs-fifo.contract.ts";
import { sqsRedriveContract } from "./sqs-redrive.contract.ts";
import { sqsStandardContract } from "./sqs-standard.contract.ts";
import { startStack, type Stack, type Target } from "./target.ts";

function sqsContract(target: Target): void {
  describe("standard queues", () => {
    sqsStandardContract(target);
  });
  describe("FIFO queues", () => {
    sqsFifoContract(target);
  });
  describe("dead-letter queues", () => {
    sqsRedriveContract(target);
  });
}

describe("the SQS contract on the local stand-in", () => {
  let stack: Stack;
  beforeAll(async () => void (stack = await startStack()));
  afterAll(() => stack.close());
  sqsContract({ kind: "ours", url: () => stack.endpoint.url });
});

const motoUrl = process.env["MOTO_URL"];
describe.runIf(motoUrl)("the SQS contract on moto", () => {
  sqsContract({ kind: "moto", url: () => motoUrl ?? "" });
});
