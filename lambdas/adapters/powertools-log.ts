import { Logger } from "@aws-lambda-powertools/logger";
import type { Log } from "../core/base/log.ts";
import { describeError } from "./describe-error.ts";

/** One JSON line a fact to the function's log. `service` names the function, `ingest` for one. */
export function createPowertoolsLog(service: string): Log {
  const logger = new Logger({ serviceName: service, logLevel: "INFO" });
  return {
    info: (message, fields = {}) => logger.info(message, { ...fields }),
    warn: (message, fields = {}) => logger.warn(message, { ...fields }),
    error: (message, fields = {}, error) =>
      logger.error(message, error === undefined ? { ...fields } : { ...fields, fault: describeError(error) }),
  };
}
