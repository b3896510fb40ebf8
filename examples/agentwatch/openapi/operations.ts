/** What the document says of one route beyond what the audit knows. */
export interface Operation {
  readonly summary: string
  /** Status of the answer when all is well. */
  readonly status: 200 | 201 | 204
}

const answers = (status: Operation['status'], summary: string): Operation => ({ status, summary })

/** One line for each route, as the audit spells it. The document takes its routes from there, and only words from here. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /health': answers(200, 'Whether the server is alive; open to everybody.'),
  'GET /openapi.json': answers(200, 'This document; open to everybody.'),
  'GET /metrics': answers(200, 'Counts of the server in the text format of Prometheus.'),
  'GET /api/v1/sessions': answers(200, 'List sessions, the latest first.'),
  'POST /api/v1/sessions': answers(201, 'Start a session.'),
  'DELETE /api/v1/sessions/prune': answers(200, 'Remove sessions that have been quiet for long.'),
  'GET /api/v1/sessions/:id': answers(200, 'Read a session.'),
  'PATCH /api/v1/sessions/:id': answers(200, 'Set the status of a session.'),
  'DELETE /api/v1/sessions/:id': answers(204, 'Remove a session with its events.'),
  'GET /api/v1/sessions/:id/events': answers(200, 'List the events of a session.'),
  'GET /api/v1/sessions/:id/replay': answers(200, 'The events of a session in order, to be played again.'),
  'GET /api/v1/sessions/:id/trace': answers(200, 'The calls of a session as a tree.'),
  'GET /api/v1/sessions/:id/confidence': answers(200, 'How sure the agent seems to be.'),
  'GET /api/v1/sessions/:id/reasoning': answers(200, 'What the agent said of its reasons.'),
  'GET /api/v1/sessions/:id/cost': answers(200, 'What a session has cost, by model.'),
  'GET /api/v1/sessions/:id/checkpoints': answers(200, 'List the checkpoints of a session.'),
  'POST /api/v1/sessions/:id/checkpoints': answers(201, 'Set a checkpoint.'),
  'POST /api/v1/sessions/:id/rollback': answers(200, 'Drop what came after a checkpoint.'),
  'POST /api/v1/sessions/:id/simulate': answers(200, 'Try events on a session without taking them in.'),
  'GET /api/v1/events': answers(200, 'List the latest events.'),
  'POST /api/v1/events': answers(201, 'Take in an event.'),
  'GET /api/v1/events/:id': answers(200, 'Read an event.'),
  'POST /api/v1/events/batch': answers(201, 'Take in several events of a session at once.'),
  'GET /api/v1/system/status': answers(200, 'How the server is, and how much it keeps.'),
  'GET /api/v1/system/pricing': answers(200, 'The prices of models.'),
  'GET /api/v1/safety/policy': answers(200, 'Read the safety policy.'),
  'PUT /api/v1/safety/policy': answers(200, 'Replace the safety policy.'),
  'GET /api/v1/safety/blocked': answers(200, 'List the events that the policy forbade.'),
  'POST /api/v1/safety/check': answers(200, 'Ask whether the policy allows an event.'),
  'GET /api/v1/dashboard/summary': answers(200, 'Figures over all sessions.'),
  'GET /api/v1/dashboard/top': answers(200, 'What comes first by a figure.'),
  'GET /api/v1/governance/compliance-report': answers(200, 'Which rules are kept, and which are not.'),
  'POST /api/v1/demo/seed': answers(201, 'Make up sessions to look at.'),
  'GET /api/v1/tenants': answers(200, 'List tenants.'),
  'POST /api/v1/tenants': answers(201, 'Add a tenant.'),
  'GET /api/v1/tenants/:id': answers(200, 'Read a tenant.'),
  'DELETE /api/v1/tenants/:id': answers(204, 'Remove a tenant with its keys.'),
  'GET /api/v1/tenants/:id/usage': answers(200, 'What a tenant has used of its budget.'),
  'GET /api/v1/tenants/:id/api-keys': answers(200, 'List the keys of a tenant, without their secrets.'),
  'POST /api/v1/tenants/:id/api-keys': answers(201, 'Issue a key. It is told this once.'),
  'DELETE /api/v1/tenants/:id/api-keys/:keyId': answers(204, 'Revoke a key.'),
}
