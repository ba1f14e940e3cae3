import { Stack, Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import { z } from "zod";

/** Accepts one finding of cdk-nag's AwsSolutions rules on a construct and everything below it, with the reason. */
export function acknowledge(construct: IConstruct, rule: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason });
}

/** Accepts that a role's permission has an asterisk in this resource. */
export function acknowledgeWildcard(role: IConstruct, resource: string, reason: string): void {
  acknowledge(role, `IAM5[Resource::${spell(Stack.of(role).resolve(resource))}]`, reason);
}

const joinSchema = z.object({ "Fn::Join": z.tuple([z.string(), z.array(z.unknown())]) });
const getAttSchema = z.object({ "Fn::GetAtt": z.tuple([z.string(), z.string()]) });
const refSchema = z.object({ Ref: z.string() });

/** A resource as cdk-nag writes it in the name of a finding: `arn:<AWS::Partition>:…`, `<Bucket.Arn>/*`. */
function spell(value: unknown): string {
  const join = joinSchema.safeParse(value);
  if (join.success) {
    const [separator, parts] = join.data["Fn::Join"];
    return parts.map(spell).join(separator);
  }
  const getAtt = getAttSchema.safeParse(value);
  if (getAtt.success) return `<${getAtt.data["Fn::GetAtt"].join(".")}>`;
  const ref = refSchema.safeParse(value);
  return ref.success ? `<${ref.data.Ref}>` : String(value);
}
