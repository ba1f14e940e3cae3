import { createHash } from "node:crypto";
import { Aws, Names, RemovalPolicy, Stack, Token } from "aws-cdk-lib";
import {
  AccountRecovery,
  FeaturePlan,
  LambdaVersion,
  Mfa,
  type OAuthFlows,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  type UserPoolClientOptions,
  UserPoolOperation,
} from "aws-cdk-lib/aws-cognito";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import type { Deployment } from "./deployment.ts";
import { TrailcastFunction } from "./trailcast-function.ts";

/** The issuer whose tokens the API accepts. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly scopePrefix: string;
}

const SCOPES = {
  "events:write": "Record events",
  "events:read": "Read and export events",
  "destinations:read": "Read destinations and their deliveries",
  "destinations:write": "Manage destinations",
  "entitlements:write": "Set what workspaces may do",
};

const RESOURCE_SERVER = "trailcast";

/**
 * The scopes that each client of the user pool may request. Machine clients act for every workspace, people for those
 * of their groups.
 */
const CLIENTS = {
  Emitter: { machine: true, scopes: ["events:write"] },
  Operator: { machine: true, scopes: Object.keys(SCOPES) },
  Console: { machine: false, scopes: ["events:read", "destinations:read", "destinations:write"] },
};

/**
 * A Cognito user pool for deployments without an identity provider of their own. People are in groups named after their
 * workspaces (`ws_1`) or in `operators`; a trigger turns groups into the claim `workspaces`. Machines use client
 * credentials.
 */
export class Identity extends Construct implements TokenIssuer {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly scopePrefix = `${RESOURCE_SERVER}/`;
  readonly mapGroups: TrailcastFunction;
  /** Values for the outputs: the user pool, its token endpoint, and its clients. */
  readonly names: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, deployment: Deployment, consoleUrl: string) {
    super(scope, id);
    const cognito = deployment.settings.cognito;
    const pool = this.createPool(deployment);
    this.mapGroups = new TrailcastFunction(this, "MapGroups", deployment, {
      entry: "map-groups",
      description: "Puts the workspaces of a caller into the access token",
      // Cognito waits 5 s for a trigger.
      timeoutSeconds: 5,
      memoryMegabytes: 256,
    });
    // Only version 3 of the trigger runs for client credentials too.
    pool.addTrigger(UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG, this.mapGroups, LambdaVersion.V3_0);
    const domain = pool.addDomain("Domain", {
      cognitoDomain: { domainPrefix: cognito?.domainPrefix ?? defaultDomainPrefix(Stack.of(this)) },
    });
    this.issuer = pool.userPoolProviderUrl;
    const clients = addClients(pool, [consoleUrl, ...(cognito?.callbackUrls ?? [])]);
    this.audience = Object.values(clients);
    this.names = { UserPoolId: pool.userPoolId, SignInUrl: domain.baseUrl(), ...clients };
  }

  private createPool(deployment: Deployment): UserPool {
    const { protectData } = deployment.settings;
    const pool = new UserPool(this, "Users", {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
      },
      // The cheapest plan whose triggers can customise access tokens.
      featurePlan: FeaturePlan.ESSENTIALS,
      deletionProtection: protectData,
      removalPolicy: protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(
      pool,
      "COG8",
      "The plus plan multiplies the price of each user; MFA is required and nobody can sign up by himself",
    );
    return pool;
  }
}

/** Cognito allows 63 characters, of which the account number and its hyphen take 13. */
const MAX_STACK_PART = 50;
const HASH_DIGITS = 8;

/**
 * A domain prefix that is unique for the stack in its account and Region, since all customers of a Region share the
 * prefixes: the stack's name and the account number. Characters that Cognito does not allow are replaced, and digits of
 * a hash then keep two such names apart.
 */
function defaultDomainPrefix(stack: Stack): string {
  // The name of a nested stack is known only at deployment.
  const stackName = Token.isUnresolved(stack.stackName) ? Names.uniqueId(stack) : stack.stackName;
  const own = stackName.toLowerCase();
  const wanted = own.includes("trailcast") ? own : `trailcast-${own}`;
  const allowed = wanted.replaceAll(/[^a-z0-9-]|aws|amazon|cognito/g, "-").replace(/^-+/, "");
  if (allowed === wanted && wanted.length <= MAX_STACK_PART) return `${wanted}-${Aws.ACCOUNT_ID}`;
  const hash = createHash("sha256").update(stackName).digest("hex").slice(0, HASH_DIGITS);
  return `${allowed.slice(0, MAX_STACK_PART - HASH_DIGITS - 1)}-${hash}-${Aws.ACCOUNT_ID}`;
}

function addClients(pool: UserPool, callbackUrls: readonly string[]): Record<string, string> {
  const server = pool.addResourceServer("Api", {
    identifier: RESOURCE_SERVER,
    scopes: Object.entries(SCOPES).map(
      ([scopeName, scopeDescription]) => new ResourceServerScope({ scopeName, scopeDescription }),
    ),
  });
  const clients = Object.entries(CLIENTS).map(([id, { machine, scopes }]) => {
    const flows: OAuthFlows = machine ? { clientCredentials: true } : { authorizationCodeGrant: true };
    const options: UserPoolClientOptions = {
      generateSecret: machine,
      preventUserExistenceErrors: true,
      oAuth: {
        flows,
        scopes: scopes.map((scope) => OAuthScope.custom(`${RESOURCE_SERVER}/${scope}`)),
        ...(!machine && { callbackUrls: [...callbackUrls], logoutUrls: [...callbackUrls] }),
      },
    };
    const client = pool.addClient(id, options);
    client.node.addDependency(server);
    return [`${id}ClientId`, client.userPoolClientId] as const;
  });
  return Object.fromEntries(clients);
}
