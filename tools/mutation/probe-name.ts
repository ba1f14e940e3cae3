/** The function that a probe calls with the number of its region; `record-hits.ts` defines it where tests run. */
export const PROBE = "__mutationProbe";
