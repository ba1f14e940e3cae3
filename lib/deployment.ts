import type { FunctionCode } from "./function-code.ts";
import type { Settings } from "./settings-schema.ts";

/** Shared by all constructs of one deployment. */
export interface Deployment {
  readonly settings: Settings;
  readonly functionCode: FunctionCode;
  /** The version of Trailcast, as in `User-Agent: Trailcast/<version>`. */
  readonly version: string;
}
