import { DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";

const client = new DynamoDBClient({});
const TableName = process.env.ORDERS;

/** Counts the packed orders, and writes how many there were by which schedule. */
export const handler = async (event) => {
  const { Count } = await client.send(
    new ScanCommand({
      TableName,
      Select: "COUNT",
      FilterExpression: "#s = :s",
      ExpressionAttributeNames: { "#s": "state" },
      ExpressionAttributeValues: { ":s": { S: "packed" } },
    }),
  );
  const Item = { id: { S: `closing-${event.source}` }, state: { S: "closing" }, packed: { N: `${Count}` } };
  await client.send(new PutItemCommand({ TableName, Item }));
  return Count;
};
