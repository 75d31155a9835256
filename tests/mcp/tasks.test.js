// Tasks of the protocol, of both eras, with the official clients that know them. A task of the protocol is a task of tether: it
// survives server and client.

import assert from 'node:assert'
import { test } from 'node:test'
import { createTaskSessionFromClient } from '@modelcontextprotocol/ext-tasks/client'
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js'
import { call, legacy, modern, placeOf, rawDispatchOf, tether, until } from './support.js'
import { envelope, TASKS, VERSION, Wire } from './wire.js'

const limits = { timeout: 60000 }

// The official session for tasks on a client of either era.
function sessionOf(place, client) {
  const session = createTaskSessionFromClient(client, {
    endpointId: 'tether-tests',
    ...(client.getProtocolEra() === 'modern' && {
      rawDispatch: rawDispatchOf(client),
      v2RequestFraming: { protocolVersion: VERSION, clientInfo: { name: 'tether-tests', version: '1' }, clientCapabilities: {} },
    }),
  })
  place.atEnd(() => session.close())
  return session
}

async function settle(session, args) {
  const execution = await session.callTool('run', args)
  const { outcome } = await execution.settle()
  return outcome
}

for (const mode of ['auto', 'legacy']) {
  test(`the official session for tasks runs a command to its end (${mode})`, limits, async (t) => {
    const place = placeOf(t)
    const client = await modern(place, { mode })
    const session = sessionOf(place, client)
    const outcome = await settle(session, { command: 'echo begun; sleep 0.5; echo done; exit 3' })
    assert.strictEqual(outcome.status, 'completed', JSON.stringify(outcome))
    const { structuredContent: value, content } = outcome.result
    assert.deepStrictEqual([value.status, value.exit_code], ['failed', 3])
    assert.match(content[0].text, /begun\ndone/)
    assert.strictEqual(tether(place.store, 'list', '--all')[0].task_id, value.task_id)
  })
}

test('a task of 2026 is cancelled by the official session', limits, async (t) => {
  const place = placeOf(t)
  const client = await modern(place)
  const session = sessionOf(place, client)
  const execution = await session.callTool('run', { command: 'exec sleep 1000', wait_ms: 0 })
  const [task] = await until(() => {
    const found = tether(place.store, 'list')
    return found.length > 0 && found
  })
  await session.cancelTask(task.task_id)
  await until(() => tether(place.store, 'status', task.task_id)[0].status === 'killed')
  await execution.settle().catch(() => {})
})

test('tasks of 2025-11-25: created, listed, got, their result, cancelled', limits, async (t) => {
  const client = await legacy(placeOf(t))
  const { tasks } = client.getServerCapabilities()
  assert.ok(tasks?.requests?.tools?.call && tasks.list && tasks.cancel, JSON.stringify(tasks))
  await client.listTools()
  const seen = []
  let result
  const stream = client.experimental.tasks.callToolStream({ name: 'run', arguments: { command: 'sleep 0.3; echo done' } },
    CallToolResultSchema, { task: { ttl: 3600000 } })
  for await (const message of stream) {
    seen.push(message.type)
    assert.notStrictEqual(message.type, 'error', String(message.error))
    if (message.type === 'result') result = message.result
  }
  assert.strictEqual(seen[0], 'taskCreated')
  assert.strictEqual(result.structuredContent.exit_code, 0)
  const { task_id } = result.structuredContent
  assert.strictEqual((await client.experimental.tasks.getTask(task_id)).status, 'completed')
  const again = await client.experimental.tasks.getTaskResult(task_id, CallToolResultSchema)
  assert.strictEqual(again.structuredContent.task_id, task_id)
  assert.strictEqual(again._meta['io.modelcontextprotocol/related-task'].taskId, task_id)

  const { task_id: other } = await call(client, 'run', { command: 'exec sleep 1000', wait_ms: 0 })
  const listed = await client.experimental.tasks.listTasks()
  assert.ok(listed.tasks.some((task) => task.taskId === other && task.status === 'working'), JSON.stringify(listed))
  assert.strictEqual((await client.experimental.tasks.cancelTask(other)).status, 'cancelled')
  await assert.rejects(client.experimental.tasks.cancelTask(other), (error) => error.code === -32602)
  await assert.rejects(client.experimental.tasks.getTask('t000000000000'), (error) => error.code === -32602)
})

test('a failed command is failed in 2025-11-25, and completed with its error in 2026', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const created = await wire.ask('tools/call', { name: 'run', arguments: { command: 'exit 4' }, task: {} })
  const result = await wire.ask('tasks/result', { taskId: created.task.taskId })
  assert.strictEqual(result.structuredContent.exit_code, 4)
  assert.strictEqual((await wire.ask('tasks/get', { taskId: created.task.taskId })).status, 'failed')
  const got = await wire.modern('tasks/get', { taskId: created.task.taskId }, { tasks: true })
  assert.deepStrictEqual([got.status, got.result.isError, got.result.structuredContent.exit_code], ['completed', true, 4])
})

test('a task of 2026 is made only for a client that says that it knows tasks', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const args = { command: 'sleep 0.4; echo done' }
  // Without tasks it waits 10 s for the end; with a time to wait it does so for all.
  for (const options of [{}, { tasks: true }]) {
    const plain = await wire.tool('run', options.tasks ? { ...args, wait_ms: 30000 } : args, options)
    assert.deepStrictEqual([plain.resultType, plain.structuredContent.exit_code], ['complete', 0])
  }
  const task = await wire.tool('run', args, { tasks: true })
  assert.deepStrictEqual([task.resultType, task.status], ['task', 'working'])
  // It can be asked for at once, and its end comes by polling.
  const got = await until(async () => {
    const one = await wire.modern('tasks/get', { taskId: task.taskId }, { tasks: true })
    return one.status !== 'working' && one
  })
  assert.deepStrictEqual([got.status, got.result.structuredContent.exit_code], ['completed', 0])
  assert.ok(Date.parse(got.lastUpdatedAt) >= Date.parse(got.createdAt))
})

test('what needs the extension is refused without it', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const { taskId } = await wire.tool('run', { command: 'exec sleep 1000', wait_ms: 0 }, { tasks: true })
  for (const [method, params] of [['tasks/get', { taskId }], ['tasks/cancel', { taskId }], ['tasks/update', { taskId, inputResponses: {} }],
    ['subscriptions/listen', { notifications: { taskIds: [taskId] } }]]) {
    const error = await wire.refused(method, { ...params, _meta: envelope() }, -32021)
    assert.deepStrictEqual(error.data.requiredCapabilities, { extensions: { [TASKS]: {} } })
  }
  const tasks = envelope({ tasks: true })
  for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update'])
    await wire.refused(method, { taskId: 't000000000000', inputResponses: {}, _meta: tasks }, -32602)
  await wire.refused('tasks/list', { _meta: tasks }, -32601)
  await wire.modern('tasks/update', { taskId, inputResponses: { nobody: { action: 'accept' } } }, { tasks: true })
  await wire.modern('tasks/cancel', { taskId }, { tasks: true })
  await until(async () => (await wire.modern('tasks/get', { taskId }, { tasks: true })).status === 'cancelled')
})

test('a subscriber of 2026 is told when a task ends, after the acknowledgement', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const { taskId } = await wire.tool('run', { command: 'read line; echo "got $line"', input: true, wait_ms: 0 }, { tasks: true })
  const listen = wire.begin('subscriptions/listen', { notifications: { taskIds: [taskId, 't000000000000'] }, _meta: envelope({ tasks: true }) })
  const mine = (notice) => notice.params._meta?.['io.modelcontextprotocol/subscriptionId'] === listen.id
  const first = await wire.notice(mine)
  assert.strictEqual(first.method, 'notifications/subscriptions/acknowledged')
  assert.ok(first.params.notifications.taskIds.includes(taskId))
  await wire.tool('input', { task_id: taskId, text: 'go\n' })
  const last = await wire.notice((notice) => mine(notice) && notice.method === 'notifications/tasks' && notice.params.status === 'completed')
  assert.strictEqual(last.params.taskId, taskId)
  assert.match(last.params.result.content[0].text, /got go/)
  // The end that was pushed is the end that is asked for.
  const got = await wire.modern('tasks/get', { taskId }, { tasks: true })
  assert.deepStrictEqual(got.result.structuredContent, last.params.result.structuredContent)
  wire.send({ method: 'notifications/cancelled', params: { requestId: listen.id } })
})

test('a task is found by its id after the server was killed', limits, async (t) => {
  const place = placeOf(t)
  const first = new Wire(place)
  const { taskId } = await first.tool('run', { command: 'sleep 0.5; echo done', wait_ms: 0 }, { tasks: true })
  first.mayBeKilled = true
  first.process.kill('SIGKILL')
  await first.ended
  const second = new Wire(place)
  const got = await until(async () => {
    const one = await second.modern('tasks/get', { taskId }, { tasks: true })
    return one.status !== 'working' && one
  })
  assert.deepStrictEqual([got.status, got.result.structuredContent.exit_code], ['completed', 0])
})

test('a subscriber is told of a task that ended before it could listen, once', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  // A command that ends at once may do so before the answer, which is then no task.
  const { taskId } = await wire.tool('run', { command: 'read line; exit 3', input: true, wait_ms: 0 }, { tasks: true })
  await wire.tool('input', { task_id: taskId, text: 'go\n' })
  await wire.tool('wait', { task_ids: [taskId] })
  const listen = wire.begin('subscriptions/listen', { notifications: { taskIds: [taskId, taskId] }, _meta: envelope({ tasks: true }) })
  const isEnd = (notice) => notice.method === 'notifications/tasks' && notice.params.status === 'completed'
  assert.strictEqual((await wire.notice(isEnd)).params.taskId, taskId)
  await wire.tool('run', { command: 'sleep 1.2' })
  assert.strictEqual(wire.notices.filter(isEnd).length, 1)
  wire.send({ method: 'notifications/cancelled', params: { requestId: listen.id } })
})
