import type * as z from "zod";
import { UnknownTemplateError } from "../errors.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "../region.ts";
import { createResolver, type Resolver } from "./intrinsics.ts";
import {
  NAME_PROPERTIES,
  namesOf,
  type NamedResource,
  type NameSources,
  type ResourceNames,
} from "./resource-names.ts";
import { isKnownType, type RunningType } from "./resource-types.ts";
import type { Json, Template, TemplateResource } from "./template.ts";

/** A resource whose intrinsics were resolved and whose properties were parsed. */
export interface StackResource<Properties> {
  logicalId: string;
  /** `<logical id> (<type>)`, for errors. */
  where: string;
  /** Read only where it is used, because not every type has one. */
  readonly ref: string;
  properties: Properties;
}

/** A parsed template, with the names that its resources have on this machine. */
export interface Stack {
  name: string;
  /** Every resource of a type. Throws `UnknownTemplateError` for a property that `schema` does not allow. */
  resources<Schema extends z.ZodType>(type: RunningType, schema: Schema): StackResource<z.output<Schema>>[];
  idsOf(type: string): string[];
  ref(logicalId: string): string;
  attribute(logicalId: string, name: string): string;
  outputs(): Record<string, string>;
}

const placeOf = (logicalId: string, resource: TemplateResource): string => `${logicalId} (${resource.Type})`;

function checkTypes(template: Template): void {
  for (const [logicalId, resource] of Object.entries(template.Resources)) {
    if (!isKnownType(resource.Type)) {
      throw new UnknownTemplateError(logicalId, `resource type ${resource.Type}`);
    }
  }
}

function pseudoParameters(stackName: string): Record<string, string> {
  return {
    "AWS::Region": LOCAL_REGION,
    "AWS::AccountId": LOCAL_ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": stackName,
    "AWS::StackId": `arn:aws:cloudformation:${LOCAL_REGION}:${LOCAL_ACCOUNT}:stack/${stackName}/local`,
  };
}

/** Leaves out resources whose condition is false. */
function existing(template: Template, resolver: Resolver): Template["Resources"] {
  return Object.fromEntries(
    Object.entries(template.Resources).filter(
      ([logicalId, { Condition }]) => Condition === undefined || resolver.condition(logicalId, Condition),
    ),
  );
}

type Naming = (logicalId: string) => ResourceNames;

function createNaming(
  template: Template,
  sources: NameSources,
  resolve: (where: string, value: Json) => Json,
): Naming {
  const known = new Map<string, ResourceNames>();
  const textProperty = (
    logicalId: string,
    resource: TemplateResource,
    property: string,
  ): string | undefined => {
    const value = resource.Properties[property];
    const resolved = value === undefined ? undefined : resolve(placeOf(logicalId, resource), value);
    return typeof resolved === "string" ? resolved : undefined;
  };
  return (logicalId) => {
    const resource = template.Resources[logicalId];
    if (resource === undefined)
      throw new UnknownTemplateError(logicalId, "a resource that is not in the template");
    const names = known.get(logicalId);
    if (names !== undefined) return names;
    const named: NamedResource = {
      logicalId,
      type: resource.Type,
      named: textProperty(logicalId, resource, NAME_PROPERTIES[resource.Type] ?? ""),
      isFifo: resource.Properties["FifoQueue"] === true,
      group: textProperty(logicalId, resource, "GroupName"),
    };
    const made = namesOf(named, sources);
    known.set(logicalId, made);
    return made;
  };
}

function parseProperties<Schema extends z.ZodType>(
  where: string,
  schema: Schema,
  properties: Json,
): z.output<Schema> {
  const parsed = schema.safeParse(properties);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join(".") ?? "";
  throw new UnknownTemplateError(where, `property ${path === "" ? "" : `${path}: `}${issue?.message ?? ""}`);
}

/** @throws UnknownTemplateError for the first resource type that the runtime does not support */
export function readStack(template: Template, sources: NameSources): Stack {
  checkTypes(template);
  const naming = createNaming(template, sources, (where, value) => resolver.value(where, value));
  const attribute = (logicalId: string, name: string): string => {
    const value = naming(logicalId).attributes[name];
    const type = template.Resources[logicalId]?.Type ?? "";
    if (value === undefined) throw new UnknownTemplateError(`${logicalId} (${type})`, `attribute ${name}`);
    return value();
  };
  const ref = (logicalId: string): string => naming(logicalId).ref;
  const pseudo = pseudoParameters(sources.stackName);
  const resolver: Resolver = createResolver(template, { pseudo, ref, attribute });
  const present = existing(template, resolver);
  const idsOf = (type: string): string[] => Object.keys(present).filter((id) => present[id]?.Type === type);

  const outputs = (): Record<string, string> =>
    Object.fromEntries(
      Object.entries(template.Outputs)
        .filter(([name, { Condition }]) => Condition === undefined || resolver.condition(name, Condition))
        .map(([name, output]) => [name, String(resolver.value(`output ${name}`, output.Value))]),
    );
  return {
    name: sources.stackName,
    resources: (type, schema) =>
      idsOf(type).map((logicalId) => {
        const where = `${logicalId} (${type})`;
        const resolved = resolver.value(where, present[logicalId]?.Properties ?? {});
        const parsed = parseProperties(where, schema, resolved);
        return {
          logicalId,
          where,
          properties: parsed,
          get ref() {
            return ref(logicalId);
          },
        };
      }),
    idsOf,
    ref,
    attribute,
    outputs,
  };
}
