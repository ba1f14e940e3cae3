import { App, CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { CorsHttpMethod, HttpApi, HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { AttributeType, BillingMode, StreamViewType, type ITable, Table } from "aws-cdk-lib/aws-dynamodb";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction, SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Code, Function as LambdaFn, Runtime, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource, SqsDlq, SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { ScheduleExpression, Schedule as SchedulerSchedule } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { Queue } from "aws-cdk-lib/aws-sqs";

/**
 * A shop: orders arrive over HTTP, pass through a table's stream and a queue, and are packed; a schedule closes the
 * day.
 */
export function synthesiseShop(outdir: string, handlers: string): string {
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, "Shop");
  const orders = new Table(stack, "Orders", {
    partitionKey: { name: "id", type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  orders.addGlobalSecondaryIndex({
    indexName: "byCustomer",
    partitionKey: { name: "customer", type: AttributeType.STRING },
    sortKey: { name: "at", type: AttributeType.NUMBER },
  });
  const unpackable = new Queue(stack, "Unpackable");
  const packing = new Queue(stack, "Packing", {
    visibilityTimeout: Duration.seconds(2),
    deadLetterQueue: { queue: unpackable, maxReceiveCount: 2 },
  });
  const closings = new Queue(stack, "Closings");
  const fn = (id: string, handler: string, runtime = Runtime.NODEJS_24_X): LambdaFn =>
    new LambdaFn(stack, id, {
      code: Code.fromAsset(handlers),
      handler,
      runtime,
      timeout: Duration.seconds(10),
      environment: { ORDERS: orders.tableName, PACKING: packing.queueUrl },
    });

  const order = fn("Order", "order.handler");
  const announce = fn("Announce", "announce.handler");
  const pack = fn("Pack", "pack.handler", Runtime.NODEJS_22_X);
  const close = fn("Close", "close.handler");
  orders.grantReadWriteData(order);
  orders.grantReadWriteData(pack);
  orders.grantReadData(close);
  orders.grantWriteData(close);
  packing.grantSendMessages(announce);
  announce.addEventSource(
    // CDK's own types do not match under exactOptionalPropertyTypes.
    new DynamoEventSource(orders as ITable, {
      startingPosition: StartingPosition.LATEST,
      retryAttempts: 3,
      onFailure: new SqsDlq(unpackable),
    }),
  );
  pack.addEventSource(new SqsEventSource(packing, { batchSize: 5, reportBatchItemFailures: true }));

  const api = new HttpApi(stack, "Api", {
    corsPreflight: { allowOrigins: ["*"], allowMethods: [CorsHttpMethod.ANY] },
  });
  const integration = new HttpLambdaIntegration("OrderIntegration", order);
  api.addRoutes({ path: "/orders", methods: [HttpMethod.POST], integration });
  api.addRoutes({ path: "/orders/{id}", methods: [HttpMethod.GET], integration });
  api.addRoutes({ path: "/customers/{customer}/orders", methods: [HttpMethod.GET], integration });

  new Rule(stack, "Hourly", {
    schedule: Schedule.rate(Duration.hours(1)),
    targets: [new LambdaFunction(close), new SqsQueue(closings)],
  });
  new SchedulerSchedule(stack, "Daily", {
    schedule: ScheduleExpression.cron({ minute: "0", hour: "0" }),
    target: new LambdaInvoke(close),
  });
  new CfnOutput(stack, "Url", { value: api.apiEndpoint });
  app.synth();
  return outdir;
}
