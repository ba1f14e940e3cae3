export type { FunctionCode, FunctionEntry } from "./function-code.ts";
export { FunctionCodeMissingError } from "./function-code.ts";
export type { SettingsInput } from "./settings-schema.ts";
export { SettingsError } from "./settings.ts";
export { TrailcastStack } from "./trailcast-stack.ts";
export { Trailcast, type TrailcastProps } from "./trailcast.ts";
