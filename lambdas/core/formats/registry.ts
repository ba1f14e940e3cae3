// The payload formats, one per line. `known-formats.ts` derives lists and schemas from them.
export { cloudeventsBatch } from "./cloudevents-batch.ts";
export { cloudeventsStructured } from "./cloudevents-structured.ts";
export { ndjson } from "./ndjson.ts";
