import type { AwsAccess } from "./aws-access.ts";
import { AwsError, startHttpEndpoint, type AwsCall, type AwsService, type RawRoute } from "./aws/services.ts";
import { PortTakenError } from "./errors.ts";

type CarryOut = () => Promise<Record<string, unknown>>;

/** What answers AWS calls once the stack is known. */
export interface EndpointParts {
  /** By the prefix of `X-Amz-Target`. */
  services: Readonly<Record<string, AwsService>>;
  routes: readonly RawRoute[];
  access: AwsAccess;
  /** Sees every call that was allowed. */
  observe(call: AwsCall): void;
  /** Around every call that was allowed; carries it out unless a harness disturbs the stack. */
  around?: ((call: AwsCall, carryOut: CarryOut) => ReturnType<CarryOut>) | undefined;
}

/** The endpoint of AWS calls. Its address is needed to read the template, which says what it answers: hence two steps. */
export interface AwsEndpoint {
  url: string;
  connect(parts: EndpointParts): void;
  close(): Promise<void>;
}

/** The services as they answer when each call goes through `around`. */
function surround({ services, around }: EndpointParts): EndpointParts["services"] {
  if (around === undefined) return services;
  const wrap = (service: AwsService): AwsService => ({
    handle: (call) => around(call, async () => service.handle(call)),
  });
  return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, wrap(service)]));
}

/** SDK clients try again after a 503. */
function refuseStarting(): never {
  throw new AwsError("ServiceUnavailable", "the stack is starting", { statusCode: 503 });
}

/** @throws PortTakenError */
export async function startAwsEndpoint(
  port: number,
  onFault: (error: unknown, call: AwsCall | undefined) => void,
): Promise<AwsEndpoint> {
  const services: Record<string, AwsService> = {};
  const routes: RawRoute[] = [refuseStarting];
  let connected: EndpointParts | undefined;
  const authorise = (call: AwsCall, accessKeyId: string | undefined): void => {
    if (connected === undefined) return refuseStarting();
    connected.access.authoriseCall(call, accessKeyId);
    connected.observe(call);
  };
  const endpoint = await startHttpEndpoint({ services, routes, authorise, onFault, port }).catch(
    (error: unknown) => {
      const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
      throw isTaken ? new PortTakenError(port) : error;
    },
  );
  return {
    url: endpoint.url,
    connect: (parts) => {
      Object.assign(services, surround(parts));
      routes.splice(0, routes.length, ...parts.routes);
      connected = parts;
    },
    close: endpoint.close,
  };
}
