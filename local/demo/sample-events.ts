/** An event as `POST …/events` accepts it. */
export interface DemoEvent {
  category: string;
  action: string;
  actor: { type: string; id: string; name?: string; email?: string };
  target?: { type: string; id: string; name?: string };
  description?: string;
  metadata?: Record<string, unknown>;
  context?: { ip?: string; userAgent?: string; requestId?: string };
}

type Actors = readonly [DemoEvent["actor"], ...DemoEvent["actor"][]];

const PEOPLE: Actors = [
  { type: "user", id: "usr_mika", name: "Mika Laine", email: "mika@example.com" },
  { type: "user", id: "usr_ada", name: "Ada Okafor", email: "ada@example.com" },
  { type: "user", id: "usr_jun", name: "Jun Tanaka", email: "jun@example.com" },
  { type: "user", id: "usr_lea", name: "Lea Brandt", email: "lea@example.com" },
];
const MACHINES: Actors = [
  { type: "api_key", id: "key_ci", name: "CI pipeline" },
  { type: "system", id: "sys_scheduler", name: "Scheduler" },
];
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

type Template = Omit<DemoEvent, "actor"> & { by: "person" | "machine" };

/** Events of a product for infrastructure automation, one template for each kind. */
const TEMPLATES: readonly Template[] = [
  {
    by: "person",
    category: "sign_in",
    action: "succeeded",
    description: "Signed in with a passkey",
    metadata: { method: "passkey", mfa: true },
  },
  {
    by: "person",
    category: "sign_in",
    action: "failed",
    description: "Wrong one-time code",
    metadata: { method: "password", reason: "otp_mismatch", attempt: 2 },
  },
  {
    by: "person",
    category: "team_member",
    action: "invited",
    target: { type: "user", id: "usr_noor", name: "Noor Haddad" },
    description: "Invited as a developer",
    metadata: { role: "developer", email: "noor@example.com" },
  },
  {
    by: "person",
    category: "team_member",
    action: "removed",
    target: { type: "user", id: "usr_sam", name: "Sam Ortiz" },
    metadata: { reason: "left_company", sessionsRevoked: 3 },
  },
  {
    by: "person",
    category: "permission",
    action: "granted",
    target: { type: "project", id: "prj_payments", name: "payments" },
    description: "Deploy to production",
    metadata: { role: "deployer", environment: "production", expiresInHours: 8 },
  },
  {
    by: "machine",
    category: "drift",
    action: "detected",
    target: { type: "stack", id: "stk_core", name: "core-eu-west-1" },
    description: "2 resources differ from their definition",
    metadata: { component: "vpc", changed: ["aws_route.nat", "aws_security_group.web"], severity: "medium" },
  },
  {
    by: "machine",
    category: "drift",
    action: "remediated",
    target: { type: "stack", id: "stk_core", name: "core-eu-west-1" },
    metadata: { component: "vpc", durationSeconds: 74 },
  },
  {
    by: "machine",
    category: "workflow",
    action: "dispatched",
    target: { type: "workflow", id: "wfl_apply", name: "apply.yml" },
    description: "Apply on main",
    metadata: { repository: "example/infra", ref: "refs/heads/main", runId: 48213 },
  },
  {
    by: "person",
    category: "workflow",
    action: "approved",
    target: { type: "workflow_run", id: "run_48213" },
    metadata: { environment: "production", comment: "Größe geprüft ✓ – go" },
  },
  {
    by: "person",
    category: "billing",
    action: "plan_changed",
    target: { type: "subscription", id: "sub_01" },
    metadata: { from: "team", to: "enterprise", seats: 40, currency: "EUR" },
  },
  {
    by: "machine",
    category: "billing",
    action: "invoice_paid",
    target: { type: "invoice", id: "inv_2026_11" },
    metadata: { amountCents: 249_000, currency: "EUR" },
  },
  {
    by: "person",
    category: "api_key",
    action: "created",
    target: { type: "api_key", id: "key_ci", name: "CI pipeline" },
    metadata: { scopes: ["workflows:dispatch"], expiresInDays: 90 },
  },
  {
    by: "person",
    category: "secret",
    action: "read",
    target: { type: "secret", id: "sec_db", name: "database/password" },
    description: "Shown in the console",
  },
  {
    by: "person",
    category: "sso",
    action: "configured",
    target: { type: "identity_provider", id: "idp_okta", name: "Okta" },
    metadata: { protocol: "oidc", enforced: true },
  },
  {
    by: "person",
    category: "audit_log",
    action: "exported",
    target: { type: "export", id: "exp_demo" },
    metadata: { format: "csv", events: 1200 },
  },
];

/** Event categories that the demo shows. */
export const DEMO_CATEGORIES: readonly string[] = [...new Set(TEMPLATES.map(({ category }) => category))];

function pick(actors: Actors, index: number): DemoEvent["actor"] {
  return actors[index % actors.length] ?? actors[0];
}

/** Builds the demo's event number `index`, from 0. Every kind occurs before one is repeated. */
export function demoEvent(index: number): DemoEvent {
  const { by, ...event } = TEMPLATES[index % TEMPLATES.length] ?? {
    by: "machine",
    category: "demo",
    action: "ran",
  };
  const round = Math.floor(index / TEMPLATES.length);
  const requestId = `req_${index.toString(36).padStart(6, "0")}`;
  return by === "machine"
    ? { ...event, actor: pick(MACHINES, index + round), context: { requestId } }
    : {
        ...event,
        actor: pick(PEOPLE, index + round),
        context: { ip: `203.0.113.${10 + (index % 40)}`, userAgent: BROWSER, requestId },
      };
}

/** Builds the events `from` to `from + count - 1`. */
export function demoEvents(from: number, count: number): DemoEvent[] {
  return Array.from({ length: count }, (_, offset) => demoEvent(from + offset));
}
