import type { FunctionCode } from "./function-code.ts";
import type { Settings } from "./settings-schema.ts";

/** What the constructs of one deployment share. */
export interface Deployment {
  readonly settings: Settings;
  readonly functionCode: FunctionCode;
  /** Of Trailcast, as in `User-Agent: Trailcast/<version>`. */
  readonly version: string;
}
