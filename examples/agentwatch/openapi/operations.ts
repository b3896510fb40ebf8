/** The parts of an operation that the audit does not know. */
export interface Operation {
  readonly summary: string
  /** Status of a successful answer. */
  readonly status: 200 | 201 | 204 | 302
}

const operation = (status: Operation['status'], summary: string): Operation => ({ status, summary })

/**
 * One line for each route, with the path as the audit prints it. The document takes its routes from the
 * audit.
 */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /': operation(302, 'Go to the live page of the limiters.'),
  'GET /health': operation(200, 'Whether the server is alive. It needs no key.'),
  'GET /openapi.json': operation(200, 'This document. It needs no key.'),
  'GET /metrics': operation(200, 'Metrics of the server in the text format of Prometheus.'),
  'GET /api/v1/sessions': operation(200, 'List sessions, the latest first.'),
  'POST /api/v1/sessions': operation(201, 'Start a session.'),
  'DELETE /api/v1/sessions/prune': operation(200, 'Remove sessions without recent activity.'),
  'GET /api/v1/sessions/:id': operation(200, 'Read a session.'),
  'PATCH /api/v1/sessions/:id': operation(200, 'Set the status of a session.'),
  'DELETE /api/v1/sessions/:id': operation(204, 'Remove a session with its events.'),
  'GET /api/v1/sessions/:id/events': operation(200, 'List the events of a session.'),
  'GET /api/v1/sessions/:id/replay': operation(
    200,
    'The events of a session in order, with the time at which to show each.',
  ),
  'GET /api/v1/sessions/:id/trace': operation(200, 'The events of a session as a tree.'),
  'GET /api/v1/sessions/:id/confidence': operation(200, 'How reliable the agent is.'),
  'GET /api/v1/sessions/:id/reasoning': operation(200, 'The thoughts and decisions of the agent.'),
  'GET /api/v1/sessions/:id/cost': operation(200, 'The cost of a session by model.'),
  'GET /api/v1/sessions/:id/checkpoints': operation(200, 'List the checkpoints of a session.'),
  'POST /api/v1/sessions/:id/checkpoints': operation(201, 'Set a checkpoint.'),
  'POST /api/v1/sessions/:id/rollback': operation(200, 'Drop the events after a checkpoint.'),
  'POST /api/v1/sessions/:id/simulate': operation(200, 'Simulate events on a session without storing them.'),
  'GET /api/v1/events': operation(200, 'List the latest events.'),
  'POST /api/v1/events': operation(201, 'Add an event, and charge its tokens to the budget of the tenant.'),
  'GET /api/v1/events/:id': operation(200, 'Read an event.'),
  'POST /api/v1/events/batch': operation(
    201,
    'Add several events to a session at once, and charge the sum of their tokens.',
  ),
  'GET /api/v1/system/status': operation(200, 'The state of the server, and how much it stores.'),
  'GET /api/v1/system/pricing': operation(200, 'The prices of models.'),
  'GET /api/v1/safety/policy': operation(200, 'Read the safety policy.'),
  'PUT /api/v1/safety/policy': operation(200, 'Replace the safety policy.'),
  'GET /api/v1/safety/blocked': operation(200, 'List the events that the policy blocked.'),
  'POST /api/v1/safety/check': operation(200, 'Ask whether the policy allows an event.'),
  'GET /api/v1/dashboard/summary': operation(200, 'Figures over all sessions.'),
  'GET /api/v1/dashboard/top': operation(200, 'The sessions, agents and tools with the highest figures.'),
  'GET /api/v1/governance/compliance-report': operation(
    200,
    'Which requirements are met, and which are not.',
  ),
  'POST /api/v1/demo/seed': operation(201, 'Invent sessions for a demonstration.'),
  'GET /api/v1/tenants': operation(200, 'List tenants.'),
  'POST /api/v1/tenants': operation(201, 'Add a tenant.'),
  'GET /api/v1/tenants/:id': operation(200, 'Read a tenant.'),
  'PATCH /api/v1/tenants/:id': operation(200, 'Change the plan of a tenant.'),
  'DELETE /api/v1/tenants/:id': operation(204, 'Remove a tenant with its keys.'),
  'GET /api/v1/tenants/:id/usage': operation(200, 'How much of its budgets a tenant has used.'),
  'GET /api/v1/tenants/:id/api-keys': operation(200, 'List the keys of a tenant, without their secrets.'),
  'POST /api/v1/tenants/:id/api-keys': operation(201, 'Issue a key. Only this answer shows it.'),
  'DELETE /api/v1/tenants/:id/api-keys/:keyId': operation(204, 'Revoke a key.'),
}
