// What the messages of a server must look like: small schemas of our own, for what the tests need of the specification. With
// MCP_SCHEMAS=DIR the specification's own are used too: 2025-11-25.json and 2026-07-28.json of modelcontextprotocol/modelcontextprotocol,
// and tasks.json of modelcontextprotocol/ext-tasks.

import assert from 'node:assert'
import fs from 'node:fs'
import path from 'node:path'
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

const text = { type: 'string' }
const count = { type: 'integer', minimum: 0 }
const id = { type: ['string', 'integer'] }
const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$' }
const listOf = (items) => ({ type: 'array', items })
const object = (needed, optional = {}) =>
  ({ type: 'object', required: Object.keys(needed), properties: { ...needed, ...optional } })
const both = (...all) => ({ allOf: all })

const who = object({ name: text, version: text })
const result = object({ resultType: text }, { _meta: object({}, { 'io.modelcontextprotocol/serverInfo': who }) })
const complete = both(result, object({ resultType: { const: 'complete' } }))
const cacheable = both(complete, object({ ttlMs: count, cacheScope: { enum: ['public', 'private'] } }))
const capabilities = object({ tools: object({}) }, { resources: object({}), extensions: object({}) })
const hints = object({}, { readOnlyHint: { type: 'boolean' }, destructiveHint: { type: 'boolean' }, idempotentHint: { type: 'boolean' } })
const tool = object({ name: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,128}$' }, description: text, inputSchema: object({ type: { const: 'object' } }) },
  { title: text, annotations: hints, outputSchema: object({ type: { const: 'object' } }) })
const content = listOf(object({ type: { const: 'text' }, text }))
const called = object({ content }, { structuredContent: { type: 'object' }, isError: { type: 'boolean' } })
const resource = object({ uri: text, name: text }, { mimeType: text, size: count })
const contents = object({ contents: { type: 'array', minItems: 1, items: object({ uri: text }, { text, blob: text, mimeType: text }) } })

// Tasks of 2026.
const task = object({ taskId: text, createdAt: time, lastUpdatedAt: time, ttlMs: { type: ['integer', 'null'] },
  status: { enum: ['working', 'completed', 'cancelled', 'failed'] } }, { statusMessage: text, pollIntervalMs: count })
const detailed = both(task, { oneOf: [
  object({ status: { enum: ['working', 'cancelled'] } }),
  object({ status: { const: 'completed' }, result: called }),
  object({ status: { const: 'failed' }, error: { type: 'object' } }),
] })
const created = both(task, result, object({ resultType: { const: 'task' } }))
// Tasks of 2025-11-25.
const oldTask = object({ taskId: text, createdAt: time, lastUpdatedAt: time, ttl: { type: ['integer', 'null'] },
  status: { enum: ['working', 'completed', 'cancelled', 'failed'] } }, { statusMessage: text, pollInterval: count })

const own = {
  modern: {
    'server/discover': both(cacheable, object({ supportedVersions: listOf(text), capabilities }, { instructions: text })),
    'tools/list': both(cacheable, object({ tools: listOf(tool) })),
    'tools/call': { oneOf: [both(complete, called), created] },
    'resources/list': both(cacheable, object({ resources: listOf(resource) })),
    'resources/templates/list': both(cacheable, object({ resourceTemplates: listOf(object({ uriTemplate: text, name: text })) })),
    'resources/read': both(cacheable, contents),
    'subscriptions/listen': both(complete, object({ _meta: object({ 'io.modelcontextprotocol/subscriptionId': id }) })),
    'tasks/get': both(complete, detailed),
    'tasks/update': complete,
    'tasks/cancel': complete,
  },
  legacy: {
    initialize: object({ protocolVersion: text, capabilities, serverInfo: who }, { instructions: text }),
    ping: { type: 'object', maxProperties: 0 },
    'tools/list': object({ tools: listOf(tool) }),
    'tools/call': { oneOf: [called, object({ task: oldTask })] },
    'resources/list': object({ resources: listOf(resource) }),
    'resources/templates/list': object({ resourceTemplates: listOf(object({ uriTemplate: text, name: text })) }),
    'resources/read': contents,
    'resources/subscribe': { type: 'object' },
    'resources/unsubscribe': { type: 'object' },
    'tasks/get': oldTask,
    'tasks/cancel': oldTask,
    'tasks/list': object({ tasks: listOf(oldTask) }),
    'tasks/result': both(called, object({ _meta: object({ 'io.modelcontextprotocol/related-task': object({ taskId: text }) }) })),
  },
  notices: {
    'notifications/progress': object({ progressToken: id, progress: { type: 'number' } }, { total: { type: 'number' }, message: text }),
    'notifications/subscriptions/acknowledged': object({ notifications: { type: 'object' }, _meta: object({ 'io.modelcontextprotocol/subscriptionId': id }) }),
    'notifications/resources/updated': object({ uri: text }),
    'notifications/resources/list_changed': { type: 'object' },
    'notifications/tasks': both(detailed, object({ _meta: object({ 'io.modelcontextprotocol/subscriptionId': id }) })),
    'notifications/tasks/status': oldTask,
  },
}

// The names of the same in the specification's schemas: the file, and a definition there.
const theirs = {
  modern: {
    'server/discover': ['2026-07-28', 'DiscoverResult'],
    'tools/list': ['2026-07-28', 'ListToolsResult'],
    'tools/call': ['2026-07-28', 'CallToolResult'],
    task: ['tasks', 'CreateTaskResult'],
    'resources/list': ['2026-07-28', 'ListResourcesResult'],
    'resources/templates/list': ['2026-07-28', 'ListResourceTemplatesResult'],
    'resources/read': ['2026-07-28', 'ReadResourceResult'],
    'subscriptions/listen': ['2026-07-28', 'SubscriptionsListenResult'],
    'tasks/get': ['tasks', 'GetTaskResult'],
    'tasks/update': ['tasks', 'UpdateTaskResult'],
    'tasks/cancel': ['tasks', 'CancelTaskResult'],
  },
  legacy: {
    initialize: ['2025-11-25', 'InitializeResult'],
    ping: ['2025-11-25', 'EmptyResult'],
    'tools/list': ['2025-11-25', 'ListToolsResult'],
    'tools/call': ['2025-11-25', 'CallToolResult'],
    task: ['2025-11-25', 'CreateTaskResult'],
    'resources/list': ['2025-11-25', 'ListResourcesResult'],
    'resources/templates/list': ['2025-11-25', 'ListResourceTemplatesResult'],
    'resources/read': ['2025-11-25', 'ReadResourceResult'],
    'resources/subscribe': ['2025-11-25', 'EmptyResult'],
    'resources/unsubscribe': ['2025-11-25', 'EmptyResult'],
    'tasks/get': ['2025-11-25', 'GetTaskResult'],
    'tasks/cancel': ['2025-11-25', 'CancelTaskResult'],
    'tasks/list': ['2025-11-25', 'ListTasksResult'],
    'tasks/result': ['2025-11-25', 'GetTaskPayloadResult'],
  },
  notices: {
    'notifications/progress': ['2026-07-28', 'ProgressNotification'],
    'notifications/subscriptions/acknowledged': ['2026-07-28', 'SubscriptionsAcknowledgedNotification'],
    'notifications/resources/updated': ['2026-07-28', 'ResourceUpdatedNotification'],
    'notifications/resources/list_changed': ['2026-07-28', 'ResourceListChangedNotification'],
    'notifications/tasks': ['tasks', 'TaskStatusNotification'],
    'notifications/tasks/status': ['2025-11-25', 'TaskStatusNotification'],
  },
  errors: {
    '-32021': ['2026-07-28', 'MissingRequiredClientCapabilityError'],
    '-32022': ['2026-07-28', 'UnsupportedProtocolVersionError'],
    any: ['2026-07-28', 'JSONRPCErrorResponse'],
  },
}

const error = object({ error: object({ code: { type: 'integer' }, message: { type: 'string', minLength: 1 } }) }, { id })
const dataOf = {
  '-32021': object({ requiredCapabilities: { type: 'object' } }),
  '-32022': object({ supported: listOf(text), requested: text }),
}

export const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true })
addFormats(ajv)
const given = process.env.MCP_SCHEMAS
if (given) {
  for (const name of ['2025-11-25', '2026-07-28', 'tasks']) {
    const schema = JSON.parse(fs.readFileSync(path.join(given, `${name}.json`), 'utf8'))
    ajv.addSchema({ ...schema, $id: `spec:${name}` })
  }
}

/** Fails if a value is not as a schema says. */
export function check(schema, value, what) {
  const validate = ajv.compile(schema)
  assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`)
}

function checkTheirs(place, value, what) {
  if (given && place) check({ $ref: `spec:${place[0]}#/$defs/${place[1]}` }, value, `${what} (${place})`)
}

/** Checks the result of a method in an era: 'modern' or 'legacy'. */
export function checkResult(era, method, value) {
  assert.ok(own[era][method], `there is no schema for ${method}`)
  check(own[era][method], value, method)
  const isTask = method === 'tools/call' && (value.resultType === 'task' || value.task !== undefined)
  checkTheirs(theirs[era][isTask ? 'task' : method], value, method)
}

export function checkNotification(message) {
  const { method } = message
  assert.ok(own.notices[method], `there is no notice ${method}: ${JSON.stringify(message)}`)
  assert.ok(!('id' in message))
  check(own.notices[method], message.params ?? {}, method)
  checkTheirs(theirs.notices[method], message, method)
}

/** An error without an id is about a message whose id could not be read. The specification has no id null. */
export function checkError(message) {
  check(error, message, 'an error')
  const { code, data } = message.error
  if (dataOf[code]) check(dataOf[code], data, `error ${code}`)
  checkTheirs(theirs.errors[code] ?? theirs.errors.any, message, `error ${code}`)
}
