/** Fills as many bytes with chance. Handlers receive one, so that a test decides what chance gives. */
export type RandomBytes = (bytes: number) => Uint8Array;
