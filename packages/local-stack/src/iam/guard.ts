import { AwsError } from "../aws/services.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "../region.ts";
import type { Denial } from "../runtime/types.ts";
import type { CallContext } from "./conditions.ts";
import { evaluate, type Call, type Caller, type Verdict } from "./evaluate.ts";
import type { Statement } from "./policy.ts";

/** A role of the template. */
export interface Role {
  logicalId: string;
  name: string;
  arn: string;
  trust: readonly Statement[];
  statements: readonly Statement[];
}

/** The origin of a call: a role that something in the template uses, or an AWS service with a source of its own. */
export type Principal =
  | { kind: "role"; id: string; role: Role }
  | { kind: "service"; id: string; service: string; sourceArn: string };

/** Checks calls against the policies of the template, and records refusals. */
export interface Guard {
  denials: readonly Denial[];
  /** The missing permission, or null if the call is allowed. A refusal is recorded and reported. */
  check(principal: Principal, call: Call): Denial | null;
  /** @throws AwsError `AccessDeniedException` that names function, action and resource */
  require(principal: Principal, calls: readonly Call[]): void;
}

export interface GuardOptions {
  /** Policies of resources by ARN: of queues, buckets, functions and event buses. */
  resourcePolicies: ReadonlyMap<string, readonly Statement[]>;
  onDenial(denial: Denial): void;
}

/** Limited, because a function whose calls are refused may retry for hours. */
const DENIALS_KEPT = 1000;

function describe(principal: Principal): string {
  if (principal.kind === "service") return `Service: ${principal.service} for ${principal.sourceArn}`;
  return `User: arn:aws:sts::${LOCAL_ACCOUNT}:assumed-role/${principal.role.name}/${principal.id}`;
}

function reason(verdict: Verdict, principal: Principal, action: string): string {
  if (verdict === "denied") return "with an explicit deny in a policy";
  const kind = principal.kind === "role" ? "identity-based" : "resource-based";
  return `because no ${kind} policy allows the ${action} action`;
}

/** Condition keys that every call has. The local transport counts as the TLS 1.3 that it replaces. */
function withCommonKeys(principal: Principal, context: CallContext): CallContext {
  const common: Readonly<Record<string, string>> = {
    "aws:securetransport": "true",
    "s3:tlsversion": "1.3",
    "aws:requestedregion": LOCAL_REGION,
    "aws:resourceaccount": LOCAL_ACCOUNT,
    "aws:principalisawsservice": String(principal.kind === "service"),
    ...(principal.kind === "role"
      ? { "aws:principalarn": principal.role.arn, "aws:principalaccount": LOCAL_ACCOUNT }
      : { "aws:sourcearn": principal.sourceArn, "aws:sourceaccount": LOCAL_ACCOUNT }),
  };
  return (key) => {
    const value = common[key];
    return value === undefined ? context(key) : [value];
  };
}

function callerOf(principal: Principal): Caller {
  if (principal.kind === "service") return { kind: "service", name: principal.service };
  return { kind: "role", arn: principal.role.arn, account: LOCAL_ACCOUNT };
}

/** The resource whose policy applies to `arn`: for an object, its bucket. */
function policyHolder(arn: string): string {
  return arn.startsWith("arn:aws:s3:::") ? (arn.split("/")[0] ?? arn) : arn;
}

/** Whether a service may assume a role. */
export function mayAssume(role: Role, service: string, sourceArn: string): boolean {
  const principal: Principal = { kind: "service", id: role.logicalId, service, sourceArn };
  const context = withCommonKeys(principal, () => undefined);
  return (
    evaluate(role.trust, callerOf(principal), { action: "sts:AssumeRole", resource: role.arn, context }) ===
    "allowed"
  );
}

export function createGuard(options: GuardOptions): Guard {
  const denials: Denial[] = [];
  const check = (principal: Principal, call: Call): Denial | null => {
    const own = principal.kind === "role" ? principal.role.statements : [];
    const statements = [...own, ...(options.resourcePolicies.get(policyHolder(call.resource)) ?? [])];
    const context = withCommonKeys(principal, call.context);
    const verdict = evaluate(statements, callerOf(principal), { ...call, context });
    if (verdict === "allowed") return null;
    const message = `${describe(principal)} is not authorized to perform: ${call.action} on resource: ${call.resource} ${reason(verdict, principal, call.action)}`;
    const denial = { principal: principal.id, action: call.action, resource: call.resource, message };
    if (denials.length < DENIALS_KEPT) denials.push(denial);
    options.onDenial(denial);
    return denial;
  };
  const require = (principal: Principal, calls: readonly Call[]): void => {
    for (const call of calls) {
      const denial = check(principal, call);
      if (denial !== null) throw new AwsError("AccessDeniedException", denial.message);
    }
  };
  return { denials, check, require };
}
