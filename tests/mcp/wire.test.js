// The protocol itself, by a client of our own: what the official clients do not send, or would hide.

import assert from 'node:assert'
import fs from 'node:fs'
import { test } from 'node:test'
import { live, placeOf, until } from './support.js'
import { envelope, TASKS, VERSION, Wire } from './wire.js'

const limits = { timeout: 60000 }
const META = 'io.modelcontextprotocol/'

async function initialize(wire, version = '2025-11-25') {
  const result = await wire.ask('initialize', { protocolVersion: version, capabilities: {}, clientInfo: { name: 'tests', version: '1' } })
  wire.send({ method: 'notifications/initialized' })
  return result
}

test('2026: server/discover tells versions, capabilities and the name', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const found = await wire.modern('server/discover')
  assert.ok(found.supportedVersions.includes(VERSION))
  assert.deepStrictEqual(found.capabilities.extensions[TASKS], {})
  assert.ok(found.capabilities.tools)
  assert.strictEqual(found._meta[`${META}serverInfo`].name, 'tether')
})

test('2026: a request without its version or capabilities is refused, and one of an unknown version', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const whole = envelope()
  for (const name of ['protocolVersion', 'clientCapabilities']) {
    const { [`${META}${name}`]: left, ...rest } = whole
    assert.ok(left)
    await wire.refused('server/discover', { _meta: rest }, -32602)
  }
  for (const version of ['2099-01-01', '', 7])
    await wire.refused('tools/list', { _meta: { ...whole, [`${META}protocolVersion`]: version } }, typeof version === 'string' ? -32022 : -32602)
  const error = await wire.refused('tools/list', { _meta: envelope({ version: '2099-01-01' }) }, -32022)
  assert.ok(error.data.supported.includes(VERSION))
  assert.strictEqual(error.data.requested, '2099-01-01')
  // What 2026 has removed.
  for (const method of ['initialize', 'resources/subscribe', 'tasks/result', 'no/such/method'])
    await wire.refused(method, { _meta: whole }, -32601)
})

test('2026: each request stands alone, and both eras may be mixed', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const modern = await wire.modern('tools/list')
  await initialize(wire)
  const legacy = await wire.ask('tools/list', {})
  assert.strictEqual(legacy.resultType, undefined)
  assert.deepStrictEqual(modern.tools.map((tool) => tool.name), legacy.tools.map((tool) => tool.name))
  const run = await wire.tool('run', { command: 'echo hello' })
  assert.strictEqual(run.resultType, 'complete')
  const status = await wire.ask('tools/call', { name: 'status', arguments: { task_id: run.structuredContent.task_id } })
  assert.strictEqual(status.structuredContent.exit_code, 0)
})

test('2025: the version is that of the client where the server knows it, else the newest', limits, async (t) => {
  for (const [asked, got] of [['2025-06-18', '2025-06-18'], ['2025-11-25', '2025-11-25'], ['1999-01-01', '2025-11-25']]) {
    const wire = new Wire(placeOf(t))
    const result = await initialize(wire, asked)
    assert.strictEqual(result.protocolVersion, got)
    await wire.ask('ping', {})
  }
})

test('2026: progress of a wait is told for the token of the request, until it is answered', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const { answer } = wire.begin('tools/call', { name: 'run', arguments: { command: 'echo first; sleep 1.5; echo last', wait_ms: 30000 },
    _meta: envelope({ progressToken: 'token-7' }) })
  const notice = await wire.notice((one) => one.method === 'notifications/progress')
  assert.strictEqual(notice.params.progressToken, 'token-7')
  assert.match(notice.params.message, /first/)
  const { result } = await answer
  assert.strictEqual(result.structuredContent.exit_code, 0)
  const told = wire.notices.length
  await wire.tool('run', { command: 'sleep 1.2', wait_ms: 30000 })
  assert.strictEqual(wire.notices.length, told)
})

test('a cancelled call gets no answer, and cancelling what is over or unknown is nothing', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const { structuredContent: { task_id } } = await wire.tool('run', { command: 'exec sleep 1000', wait_ms: 0 })
  const waits = [1, 2, 3].map(() => wire.begin('tools/call', { name: 'wait', arguments: { task_ids: [task_id] }, _meta: envelope() }))
  for (const requestId of [waits[1].id, waits[1].id, 'unknown', 12345, null, {}])
    wire.send({ method: 'notifications/cancelled', params: { requestId } })
  await wire.tool('kill', { task_id, grace_ms: 0 })
  for (const { answer } of [waits[0], waits[2]])
    assert.strictEqual((await answer).result.structuredContent.ended[0].status, 'killed')
  await wire.tool('status', { task_id })
  assert.ok(wire.waiting.has(waits[1].id))
})

test('2026: a subscription is acknowledged first, and is ended by the client', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const { structuredContent: { task_id } } = await wire.tool('run', { command: 'read a; echo $a; read b; echo $b; read c', input: true, wait_ms: 0 })
  const { resources } = await wire.modern('resources/list')
  const uris = resources.filter((one) => one.uri.includes(task_id)).map((one) => one.uri)
  const listen = wire.begin('subscriptions/listen', { notifications: { resourceSubscriptions: uris, promptsListChanged: true }, _meta: envelope() }, 'listen-1')
  const mine = (notice) => notice.params?._meta?.[`${META}subscriptionId`] === 'listen-1'
  const first = await wire.notice(mine)
  assert.strictEqual(first.method, 'notifications/subscriptions/acknowledged')
  assert.deepStrictEqual(first.params.notifications.resourceSubscriptions, uris)
  assert.strictEqual(first.params.notifications.promptsListChanged, undefined)
  await wire.tool('input', { task_id, text: 'one\n' })
  const updated = await wire.notice((one) => mine(one) && one.method === 'notifications/resources/updated')
  assert.ok(uris.includes(updated.params.uri))
  wire.send({ method: 'notifications/cancelled', params: { requestId: listen.id } })
  await wire.tool('status', { task_id })
  const told = wire.notices.length
  await wire.tool('input', { task_id, text: 'two\n' })
  await wire.tool('watch', { task_id, pattern: 'two' })
  assert.strictEqual(wire.notices.length, told)
})

test('what is no request gets an error of JSON-RPC, and the server lives on', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  wire.strayExpected = (message) => message.error !== undefined
  const bad = ['{', 'null', '"text"', '7', '[]', '{}', '{"jsonrpc":"2.0"}', '{"jsonrpc":"1.0","id":1,"method":"ping"}', '{"jsonrpc":"2.0","id":{},"method":"ping"}',
    '{"jsonrpc":"2.0","id":null,"method":"ping"}', '{"jsonrpc":"2.0","id":"x","method":7}', '\u0000', `${'['.repeat(100000)}`]
  for (const line of bad) wire.write(`${line}\n`)
  wire.process.stdin.write(Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]))
  await until(() => wire.stray.length >= bad.length)
  for (const { error } of wire.stray) assert.ok([-32700, -32600, -32602].includes(error.code), JSON.stringify(error))
  assert.strictEqual((await wire.tool('run', { command: 'exit 0' })).structuredContent.exit_code, 0)
})

test('the end of the input ends the server at once, and its tasks go on', limits, async (t) => {
  const place = placeOf(t)
  const wire = new Wire(place)
  const { structuredContent: { task_id } } = await wire.tool('run', { command: 'exec sleep 1000', wait_ms: 0 })
  wire.begin('tools/call', { name: 'wait', arguments: { task_ids: [task_id] }, _meta: envelope() })
  wire.process.stdin.end()
  assert.deepStrictEqual(await wire.ended, { code: 0, signal: null })
  const second = new Wire(place)
  assert.ok(live.includes((await second.tool('status', { task_id })).structuredContent.status))
})

// The memory of a process that is its own, in MiB.
const memoryOf = (pid) => Number(/RssAnon:\s*(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024

test('input of calls that nobody waits for one by one arrives in their order', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const { structuredContent: { task_id } } = await wire.tool('run', { command: 'exec cat', input: true, wait_ms: 0 })
  const words = Array.from({ length: 50 }, (_, i) => `${i}\n`)
  await Promise.all(words.map((text) => wire.tool('input', { task_id, text })))
  await wire.tool('watch', { task_id, pattern: '^49$' })
  assert.strictEqual((await wire.tool('output', { task_id })).structuredContent.output.text, words.join(''))
})

test('input that is given up, and a reader that always lags behind, cost no memory', limits, async (t) => {
  const wire = new Wire(placeOf(t))
  const { structuredContent: { task_id } } = await wire.tool('run', { command: 'seq 1 30000; exec sleep 1000', input: true, wait_ms: 0 })
  const text = 'x'.repeat(200000)
  for (let i = 0; i < 120; i++) {
    const { id } = wire.begin('tools/call', { name: 'input', arguments: { task_id, text }, _meta: envelope() })
    wire.send({ method: 'notifications/cancelled', params: { requestId: id } })
  }
  await wire.tool('status', { task_id })
  assert.ok(memoryOf(wire.process.pid) < 12, `${memoryOf(wire.process.pid)} MiB`)

  const page = () => wire.tool('output', { task_id, stream: 'stdout', offset: 0, bytes: 100000 })
  const read = Array.from({ length: 12 }, page)
  for (let i = 0; i < 120; i++) {
    await read.shift()
    read.push(page())
  }
  assert.ok(memoryOf(wire.process.pid) < 12, `${memoryOf(wire.process.pid)} MiB`)
  await Promise.all(read)
})
