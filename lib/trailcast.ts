import type { EventBus } from "aws-cdk-lib/aws-events";
import { Construct } from "constructs";
import { Delivery } from "./delivery.ts";
import type { Deployment } from "./deployment.ts";
import { DestinationSecrets } from "./destination-secrets.ts";
import { EventLog } from "./event-log.ts";
import { FanOut } from "./fan-out.ts";
import { type FunctionCode, packagedFunctions } from "./function-code.ts";
import { Identity, type TokenIssuer } from "./identity.ts";
import { Ingest } from "./ingest.ts";
import { ManagementApi } from "./management-api.ts";
import { Management } from "./management.ts";
import { Observability } from "./observability.ts";
import { namesOf } from "./names.ts";
import { packageVersion } from "./package-version.ts";
import { OwnerBus } from "./owner-bus.ts";
import { Reading } from "./reading.ts";
import { Registry } from "./registry.ts";
import { Retention } from "./retention.ts";
import { WakeUps } from "./wake-ups.ts";
import type { Settings, SettingsInput } from "./settings-schema.ts";
import { parseSettings } from "./settings.ts";
import { Sweep } from "./sweep.ts";
import { functionsToWatch } from "./watched-functions.ts";

export interface TrailcastProps {
  readonly settings: SettingsInput;
  /**
   * Provides the bundles of the functions.
   * @default the bundles of the package
   */
  readonly functionCode?: FunctionCode;
}

/**
 * Audit-log forwarding in your own account: everything from the POST of an event to its signed delivery.
 * @throws SettingsError naming each setting that is wrong
 */
export class Trailcast extends Construct {
  /** Base URL of the HTTP API, without a trailing slash. */
  readonly apiUrl: string;
  /**
   * The event bus for notices to owners: failing, recovered, suspended, resumed, expiring. A rule on it can send an
   * e-mail.
   */
  readonly ownerBus: EventBus;
  /** Names of the created resources, such as `EventsTable`. `TrailcastStack` has them as outputs. */
  readonly names: Readonly<Record<string, string>>;
  readonly eventLog: EventLog;
  readonly registry: Registry;
  readonly wakeUps: WakeUps;
  readonly delivery: Delivery;
  readonly observability: Observability;

  constructor(scope: Construct, id: string, props: TrailcastProps) {
    super(scope, id);
    const deployment: Deployment = {
      settings: parseSettings(props.settings),
      functionCode: props.functionCode ?? packagedFunctions,
      version: packageVersion(),
    };
    const eventLog = new EventLog(this, "EventLog", deployment);
    const registry = new Registry(this, "Registry", deployment);
    const wakeUps = new WakeUps(this, "WakeUps");
    const ownerBus = new OwnerBus(this, "OwnerBus");
    const secrets = new DestinationSecrets(this, deployment);
    const shared = { eventLog, registry, wakeUps, ownerBus, secrets };

    const ingest = new Ingest(this, "Ingest", deployment, shared);
    const fanOut = new FanOut(this, "FanOut", deployment, shared);
    const delivery = new Delivery(this, "Delivery", deployment, shared);
    const sweep = new Sweep(this, "Sweep", deployment, shared);
    const retention = new Retention(this, "Retention", deployment, shared);
    const reading = new Reading(this, "Reading", deployment, shared);
    const management = new Management(this, "Management", deployment, { ...shared, delivery, retention });

    const api = new ManagementApi(this, "ManagementApi", deployment);
    const tokens = tokensFor(this, deployment, api.consoleUrl);
    api.route(tokens, {
      ingest: ingest.fn,
      reading: reading.fn,
      management: management.fn,
      open: management.open,
    });

    this.observability = new Observability(this, "Observability", deployment, {
      api,
      fanOut,
      wakeUps,
      retention,
      sweep,
      functions: functionsToWatch({
        ingest,
        fanOut,
        delivery,
        sweep,
        retention,
        reading,
        management,
        tokens,
      }),
    });
    this.names = namesOf({
      ...shared,
      fanOut,
      delivery,
      retention,
      reading,
      api,
      tokens,
      observability: this.observability,
    });
    this.apiUrl = api.url;
    this.ownerBus = ownerBus.bus;
    this.eventLog = eventLog;
    this.registry = registry;
    this.wakeUps = wakeUps;
    this.delivery = delivery;
  }
}

function tokensFor(scope: Construct, deployment: Deployment, consoleUrl: string): TokenIssuer {
  const { oidc, scopePrefix = "" }: Settings = deployment.settings;
  if (oidc === undefined) return new Identity(scope, "Identity", deployment, consoleUrl);
  const audience = typeof oidc.audience === "string" ? [oidc.audience] : oidc.audience;
  return { issuer: oidc.issuer, audience, scopePrefix };
}
