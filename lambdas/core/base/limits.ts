/**
 * Limits of what may be posted, in bytes where no unit is named. The OpenAPI document and the docs take them from here.
 */
export const LIMITS = {
  eventsPerRequest: 100,
  /** One event as posted, as JSON without white space. */
  eventBytes: 64 * 1024,
  requestBytes: 1024 * 1024,
  /** A DynamoDB item holds 400 KB, which includes keys and the other attributes of the entry. */
  storedBytes: 380_000,
  idempotencyKeyCharacters: 255,
  identifierCharacters: 512,
  /** Deeper JSON has no use here and could overflow the stack of recursive code. */
  metadataDepth: 32,
} as const;
