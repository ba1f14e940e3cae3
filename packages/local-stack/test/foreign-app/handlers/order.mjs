import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";

const client = new DynamoDBClient({});
const TableName = process.env.ORDERS;
const view = (item) => ({ id: item.id.S, customer: item.customer.S, state: item.state.S });
const json = (statusCode, value) => ({
  statusCode,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value),
});

async function create({ body }) {
  const { id, customer } = JSON.parse(body);
  const Item = { id: { S: id }, customer: { S: customer }, state: { S: "new" }, at: { N: `${Date.now()}` } };
  try {
    await client.send(
      new PutItemCommand({ TableName, Item, ConditionExpression: "attribute_not_exists(id)" }),
    );
  } catch (error) {
    if (error.name !== "ConditionalCheckFailedException") throw error;
    return json(409, { message: "there is an order of this id" });
  }
  return json(201, view(Item));
}

async function read({ pathParameters }) {
  const { Item } = await client.send(
    new GetItemCommand({ TableName, Key: { id: { S: pathParameters.id } }, ConsistentRead: true }),
  );
  return Item === undefined ? json(404, { message: "no such order" }) : json(200, view(Item));
}

async function list({ pathParameters }) {
  const { Items } = await client.send(
    new QueryCommand({
      TableName,
      IndexName: "byCustomer",
      KeyConditionExpression: "customer = :c",
      ExpressionAttributeValues: { ":c": { S: pathParameters.customer } },
    }),
  );
  return json(200, Items.map(view));
}

export const handler = (event) => {
  if (event.routeKey.startsWith("POST")) return create(event);
  return event.routeKey.startsWith("GET /customers") ? list(event) : read(event);
};
