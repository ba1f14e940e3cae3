import type { Runtime, RuntimeOptions } from "./runtime-types.ts";

export type * from "./runtime-types.ts";
export * from "./errors.ts";

/** Starts the stack of a cloud assembly on this machine; resolves when it takes requests. */
export function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  return Promise.reject(new Error(`cannot start ${options.cdkOut} yet`));
}
