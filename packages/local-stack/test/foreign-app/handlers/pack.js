// CommonJS, as bundlers write it for Lambda.
const { DynamoDBClient, UpdateItemCommand } = require("@aws-sdk/client-dynamodb");

const client = new DynamoDBClient({});

exports.handler = async (event) => {
  const batchItemFailures = [];
  for (const { messageId, body } of event.Records) {
    const { id } = JSON.parse(body);
    if (id.startsWith("broken")) batchItemFailures.push({ itemIdentifier: messageId });
    else {
      await client.send(
        new UpdateItemCommand({
          TableName: process.env.ORDERS,
          Key: { id: { S: id } },
          UpdateExpression: "SET #s = :s",
          ExpressionAttributeNames: { "#s": "state" },
          ExpressionAttributeValues: { ":s": { S: "packed" } },
        }),
      );
    }
  }
  return { batchItemFailures };
};
