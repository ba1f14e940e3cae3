import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import {
  EXPORT_LINK_SECONDS,
  EXPORT_PREFIX,
  type ExportFormat,
  exportJobSchema,
} from "../core/reading/export-job.ts";
import type { ExportParts, ExportRows, ExportStarter } from "../core/reading/run-export.ts";
import { REGISTRY } from "../core/base/table-schema.ts";
import { putIf } from "./conditional-write.ts";
import { getRow, queryAllRows } from "./dynamo.ts";

/** Rows of export jobs in the Registry. */
export function createExportRows(client: DynamoDBClient, registry: string): ExportRows {
  return {
    readJob: (workspace, id) =>
      getRow(
        client,
        registry,
        { [REGISTRY.workspace]: workspace, [REGISTRY.item]: EXPORT_PREFIX + id },
        exportJobSchema,
      ),
    listJobs: (workspace) =>
      queryAllRows(
        client,
        registry,
        {
          KeyConditionExpression: "#workspace = :workspace AND begins_with(#item, :prefix)",
          ExpressionAttributeNames: { "#workspace": REGISTRY.workspace, "#item": REGISTRY.item },
          values: { ":workspace": workspace, ":prefix": EXPORT_PREFIX },
          ScanIndexForward: false,
        },
        exportJobSchema,
      ),
    putJob: async (job) => {
      const names = { "#version": "version" };
      const condition =
        job.version === 0
          ? { condition: "attribute_not_exists(#version)", names }
          : { condition: "#version = :version", names, values: { ":version": job.version } };
      const stored = { ...job, version: job.version + 1 };
      return (await putIf(client, registry, stored, condition)) ? stored : "stale";
    },
  };
}

const CONTENT_TYPES: Record<ExportFormat, string> = {
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
};

/** Parts of exports in the bucket. */
export function createExportParts(client: S3Client, bucket: string): ExportParts {
  return {
    putPart: async (key, text, format) => {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: CONTENT_TYPES[format] }),
      );
    },
    linkTo: (key) =>
      getSignedUrl(
        client,
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ResponseContentDisposition: `attachment; filename="${key.replaceAll("/", "-")}"`,
        }),
        { expiresIn: EXPORT_LINK_SECONDS },
      ),
  };
}

/** Starts the export function without waiting for it. */
export function createExportStarter(client: LambdaClient, functionName: string): ExportStarter {
  return {
    start: async (workspace, id) => {
      await client.send(
        new InvokeCommand({
          FunctionName: functionName,
          InvocationType: "Event",
          Payload: Buffer.from(JSON.stringify({ workspace, export: id })),
        }),
      );
    },
  };
}
