import { ADMIN_KEY, FUNCTION_KEY_PREFIX } from "./access-keys.ts";
import { AwsError, type AwsCall } from "./aws/services.ts";
import { permissionsOf, type Inventory } from "./iam/call-permissions.ts";
import type { Call } from "./iam/evaluate.ts";
import type { Guard, Principal } from "./iam/guard.ts";

/** The principals of a stack's functions, by logical id. */
export type FunctionPrincipals = ReadonlyMap<string, Principal>;

export interface AwsAccess {
  /** @throws AwsError `AccessDeniedException`, `UnrecognizedClientException` */
  authoriseCall(call: AwsCall, accessKeyId: string | undefined): void;
  authorise(accessKeyId: string | undefined, call: Call): void;
}

/** Checks AWS calls against the role that the caller's access key stands for. */
export function createAwsAccess(
  guard: Guard,
  principals: FunctionPrincipals,
  inventory: Inventory,
): AwsAccess {
  const require = (accessKeyId: string | undefined, calls: () => readonly Call[]): void => {
    if (accessKeyId === ADMIN_KEY) return;
    const isFunction = accessKeyId?.startsWith(FUNCTION_KEY_PREFIX) ?? false;
    const principal = isFunction
      ? principals.get(accessKeyId?.slice(FUNCTION_KEY_PREFIX.length) ?? "")
      : undefined;
    if (principal === undefined) {
      const message = "The security token included in the request is invalid.";
      throw new AwsError("UnrecognizedClientException", message, { statusCode: 403 });
    }
    guard.require(principal, calls());
  };
  return {
    authoriseCall: (call, accessKeyId) => require(accessKeyId, () => permissionsOf(call, inventory)),
    authorise: (accessKeyId, call) => require(accessKeyId, () => [call]),
  };
}
