/** Returns that many random bytes. Passed to handlers as an argument, so that a test decides what they are. */
export type RandomBytes = (bytes: number) => Uint8Array;
