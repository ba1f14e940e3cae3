import type { AwsAccess } from "./aws-access.ts";
import { AwsError, startHttpEndpoint, type AwsCall, type AwsService, type RawRoute } from "./aws/services.ts";
import { PortTakenError } from "./errors.ts";

type CarryOut = () => Promise<Record<string, unknown>>;

/** The parts that answer AWS calls. They exist only after the template was read. */
export interface EndpointParts {
  /** By the prefix of `X-Amz-Target`. */
  services: Readonly<Record<string, AwsService>>;
  routes: readonly RawRoute[];
  access: AwsAccess;
  /** Called with every call that was allowed. */
  observe(call: AwsCall): void;
  /** Called instead of carrying out an allowed call; a test harness uses it to disturb the stack. */
  around?: ((call: AwsCall, carryOut: CarryOut) => ReturnType<CarryOut>) | undefined;
}

/**
 * The endpoint for AWS calls. Names in the template contain its address, and the template determines its services, so
 * it is started first and connected afterwards.
 */
export interface AwsEndpoint {
  url: string;
  connect(parts: EndpointParts): void;
  close(): Promise<void>;
}

/** The services, with each call passed through `around`. */
function surround({ services, around }: EndpointParts): EndpointParts["services"] {
  if (around === undefined) return services;
  const wrap = (service: AwsService): AwsService => ({
    handle: (call) => around(call, async () => service.handle(call)),
  });
  return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, wrap(service)]));
}

/** SDK clients retry after a 503. */
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
