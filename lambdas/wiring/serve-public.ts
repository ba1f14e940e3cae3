import { fileURLToPath } from "node:url";
import { createConsoleFiles } from "../adapters/console-files.ts";
import type { Environment } from "../adapters/environment.ts";
import { createPowertoolsLog } from "../adapters/powertools-log.ts";
import { ENV } from "../core/base/environment.ts";

export function connectPublic(environment: Environment) {
  return {
    version: environment.text(ENV.version),
    files: createConsoleFiles(fileURLToPath(new URL("./console/", import.meta.url))),
    log: createPowertoolsLog("public"),
  };
}
