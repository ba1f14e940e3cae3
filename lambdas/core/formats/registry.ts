// The payload formats, a line each. `known-formats.ts` makes lists and schemas of them.
export { cloudeventsBatch } from "./cloudevents-batch.ts";
export { cloudeventsStructured } from "./cloudevents-structured.ts";
export { ndjson } from "./ndjson.ts";
