import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTable, item, tableOf, type Item, type TestTable } from "./dynamodb-table.ts";
import { dynamoClient, oursOnly, refusal, type Target } from "./target.ts";

const SAMPLE: Item = {
  n: { N: "10" },
  text: { S: "hello" },
  list: { L: [{ S: "a" }, { S: "b" }, { N: "3" }] },
  map: { M: { mid: { M: { leaf: { N: "1" } } } } },
  tags: { SS: ["x", "y"] },
  hollow: { NULL: true },
};

/** Condition and update expressions as the Developer Guide describes them ("Expressions in DynamoDB"). */
export function dynamoDbExpressionsContract(target: Target): void {
  let client: DynamoDBClient;
  let table: TestTable;
  beforeAll(async () => {
    client = dynamoClient(target.url());
    table = tableOf(client, await createTable(client));
  });
  afterAll(() => client.destroy());
  beforeEach(async () => void (await table.put(item("e", "1", SAMPLE))));

  async function holds(condition: string, values: Item, names?: Record<string, string>): Promise<boolean> {
    try {
      await table.update("e", "1", "SET touched = :touched", {
        ConditionExpression: condition,
        ExpressionAttributeValues: { ":touched": { BOOL: true }, ...values },
        ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
      });
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === "ConditionalCheckFailedException") return false;
      throw error;
    }
  }

  describe("conditions", () => {
    it.each<[string, Item, boolean]>([
      ["n = :v", { ":v": { N: "10.0" } }, true],
      ["n = :v", { ":v": { S: "10" } }, false],
      ["n <> :v", { ":v": { N: "9" } }, true],
      ["absent <> :v", { ":v": { N: "9" } }, true],
      ["absent = :v", { ":v": { N: "9" } }, false],
      ["n > :v", { ":v": { N: "9" } }, true],
      ["#t > :v", { ":v": { S: "abc" } }, true],
      ["n BETWEEN :a AND :b", { ":a": { N: "10" }, ":b": { N: "11" } }, true],
      ["n IN (:a, :b)", { ":a": { N: "1" }, ":b": { N: "10" } }, true],
      ["attribute_exists(#m.mid.leaf)", {}, true],
      ["attribute_not_exists(#m.mid.nope)", {}, true],
      ["attribute_exists(#l[2])", {}, true],
      ["attribute_exists(#l[3])", {}, false],
      ["attribute_type(tags, :v)", { ":v": { S: "SS" } }, true],
      ["begins_with(#t, :v)", { ":v": { S: "hel" } }, true],
      ["contains(#t, :v)", { ":v": { S: "ell" } }, true],
      ["contains(tags, :v)", { ":v": { S: "y" } }, true],
      ["contains(#l, :v)", { ":v": { S: "b" } }, true],
      ["size(#t) = :v", { ":v": { N: "5" } }, true],
      ["size(#l) > :v", { ":v": { N: "2" } }, true],
      ["NOT n = :v", { ":v": { N: "10" } }, false],
      ["n = :v AND (attribute_exists(absent) OR #t = :h)", { ":v": { N: "10" }, ":h": { S: "hello" } }, true],
      ["n = :x OR n = :v AND attribute_exists(absent)", { ":v": { N: "10" }, ":x": { N: "1" } }, false],
    ])("%s with %j is %s", async (condition, values, expected) => {
      const all = { "#m": "map", "#l": "list", "#t": "text" };
      const names = Object.fromEntries(Object.entries(all).filter(([name]) => condition.includes(name)));
      expect(await holds(condition, values, Object.keys(names).length === 0 ? undefined : names)).toBe(
        expected,
      );
    });
  });

  oursOnly(
    target,
    "a comparison of two types is false, not an error",
    "a < b: true if a is less than b; the operands have to be of the same type to be compared",
    async () => expect(await holds("n < :v", { ":v": { S: "99" } })).toBe(false),
  );

  describe("updates", () => {
    it.each<[string, Item, Item]>([
      ["SET n = n + :v", { ":v": { N: "0.1" } }, { n: { N: "10.1" } }],
      ["SET n = n - :v, m = if_not_exists(m, :v)", { ":v": { N: "1" } }, { n: { N: "9" }, m: { N: "1" } }],
      ["SET n = if_not_exists(n, :v)", { ":v": { N: "1" } }, {}],
      [
        "SET #l = list_append(#l, :v)",
        { ":v": { L: [{ S: "z" }] } },
        { list: { L: [...SAMPLE["list"]!.L!, { S: "z" }] } },
      ],
      ["SET #l[1] = :v", { ":v": { S: "B" } }, { list: { L: [{ S: "a" }, { S: "B" }, { N: "3" }] } }],
      ["SET #m.mid.leaf = :v", { ":v": { N: "2" } }, { map: { M: { mid: { M: { leaf: { N: "2" } } } } } }],
      ["ADD n :v, tally :v", { ":v": { N: "5" } }, { n: { N: "15" }, tally: { N: "5" } }],
      ["ADD tags :v", { ":v": { SS: ["z"] } }, { tags: { SS: ["x", "y", "z"] } }],
      ["DELETE tags :v", { ":v": { SS: ["x"] } }, { tags: { SS: ["y"] } }],
      ["REMOVE #l[0], #l[2]", {}, { list: { L: [{ S: "b" }] } }],
      [
        "SET a = :v REMOVE hollow",
        { ":v": { S: "1" } },
        { a: { S: "1" }, hollow: undefined as unknown as AttributeValue },
      ],
    ])("%s with %j", async (expression, values, changes) => {
      const names = Object.fromEntries(
        Object.entries({ "#m": "map", "#l": "list" }).filter(([name]) => expression.includes(name)),
      );
      const { Attributes } = await table.update("e", "1", expression, {
        ReturnValues: "ALL_NEW",
        ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
        ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
      });
      const sorted = Attributes?.["tags"]?.SS?.toSorted();
      expect({ ...Attributes, tags: { SS: sorted } }).toEqual(item("e", "1", { ...SAMPLE, ...changes }));
    });

    it("reads all values before it writes any", async () => {
      await table.put(item("e", "swap", { a: { S: "1" }, b: { S: "2" } }));
      const { Attributes } = await table.update("e", "swap", "SET a = b, b = a", { ReturnValues: "ALL_NEW" });
      expect([Attributes?.["a"], Attributes?.["b"]]).toEqual([{ S: "2" }, { S: "1" }]);
    });

    it("refuses a path that does not exist", async () => {
      const error = await refusal(
        table.update("e", "1", "SET absent.a = :v", { ExpressionAttributeValues: { ":v": { S: "x" } } }),
      );
      expect(error.message).toBe("The document path provided in the update expression is invalid for update");
    });

    it("refuses to add to a missing attribute", async () => {
      const error = await refusal(
        table.update("e", "1", "SET c = absent + :v", { ExpressionAttributeValues: { ":v": { N: "1" } } }),
      );
      expect(error.name).toBe("ValidationException");
    });
  });

  describe("mistakes in an expression", () => {
    it("a reserved word", async () => {
      const error = await refusal(
        table.update("e", "1", "SET status = :v", { ExpressionAttributeValues: { ":v": { S: "x" } } }),
      );
      expect(error).toMatchObject({
        name: "ValidationException",
        message: "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: status",
      });
    });

    it("a value that is not defined", async () => {
      const error = await refusal(table.update("e", "1", "SET a = :v"));
      expect(error.message).toContain("attribute value: :v");
    });

    oursOnly(
      target,
      "an undefined name",
      "ValidationException: An expression attribute name used in the document path is not defined",
      async () => {
        const values = { ExpressionAttributeValues: { ":v": { S: "x" } } };
        const error = await refusal(table.update("e", "1", "SET #a = :v", values));
        expect(error.message).toContain("attribute name: #a");
      },
    );

    it("a value or a name that no expression uses", async () => {
      const value = await refusal(
        table.update("e", "1", "SET a = :v", {
          ExpressionAttributeValues: { ":v": { S: "x" }, ":unused": { S: "y" } },
        }),
      );
      expect(value.message).toContain(
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}",
      );
      const name = await refusal(
        table.update("e", "1", "REMOVE a", { ExpressionAttributeNames: { "#unused": "b" } }),
      );
      expect(name.message).toContain(
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#unused}",
      );
    });

    it.each(["SET a :v", "SET a = :v,", "FOO a = :v", "SET a = :v SET b = :v"])("%s", async (expression) => {
      const error = await refusal(
        table.update("e", "1", expression, { ExpressionAttributeValues: { ":v": { S: "x" } } }),
      );
      expect(error.name).toBe("ValidationException");
    });

    oursOnly(
      target,
      "two paths of which one contains the other",
      "ValidationException: Two document paths overlap with each other; must remove or rewrite one of these paths",
      async () => {
        const error = await refusal(
          table.update("e", "1", "SET #m.x = :v REMOVE #m", {
            ExpressionAttributeNames: { "#m": "map" },
            ExpressionAttributeValues: { ":v": { S: "x" } },
          }),
        );
        expect(error.message).toContain("Two document paths overlap with each other");
      },
    );

    oursOnly(
      target,
      "a key that is compared twice",
      "The key condition must perform an equality test on a single partition key value, and may test one sort key condition",
      async () => {
        const error = await refusal(
          table.query({
            KeyConditionExpression: "pk = :a AND sk > :a AND sk < :b",
            ExpressionAttributeValues: { ":a": { S: "a" }, ":b": { S: "b" } },
          }),
        );
        expect(error.message).toContain("KeyConditionExpressions must only contain one condition per key");
      },
    );
  });
}
