/** The bounds of what may be posted; `docs` and OpenAPI read them from here. Sizes in bytes. */
export const LIMITS = {
  eventsPerRequest: 100,
  /** One event as posted, its JSON without white space. */
  eventBytes: 64 * 1024,
  requestBytes: 1024 * 1024,
  /** An item of DynamoDB holds 400 KB, keys and the rest of the entry included. */
  storedBytes: 380_000,
  idempotencyKeyCharacters: 255,
  identifierCharacters: 512,
  /** Deeper JSON has no use, and would overflow the stack of those who walk it. */
  metadataDepth: 32,
} as const;
