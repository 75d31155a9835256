'use strict'
const assert = require('node:assert')
const { test } = require('node:test')
const { openFor, startHost, storeOf } = require('./support')

test('a task outlives a host that is killed, and the next one finds it', async (t) => {
  const store = storeOf(t)
  const host = startHost(t, 'starts', store, 'echo "bégin"; while [ ! -e "$0.go" ]; do sleep 0.05; done; exit 8')
  const id = await host.next()
  host.kill('SIGKILL')
  assert.strictEqual((await host.ended).signal, 'SIGKILL')
  const registry = await openFor(t, { store })
  const task = registry.task(id)
  assert.strictEqual((await task.status()).status, 'running')
  for await (const line of task.lines()) {
    assert.strictEqual(line, 'bégin')
    break
  }
  await task.kill()
  assert.strictEqual((await task.ended).status, 'killed')
})

test('a completion is handled once by several hosts, and again after the death of the one that had it', async (t) => {
  const store = storeOf(t)
  const registry = await openFor(t, { store })
  const ids = []
  for (let i = 0; i < 12; i++) ids.push((await registry.spawn('true')).id)
  await Promise.all(ids.map((id) => registry.wait(id)))
  const dies = startHost(t, 'takes', store, 'dies')
  const first = await dies.next()
  await dies.ended
  const hosts = [startHost(t, 'takes', store), startHost(t, 'takes', store)]
  const seen = []
  for (const host of hosts) host.on('message', (id) => seen.push(id))
  for (const host of hosts) assert.strictEqual((await host.ended).code, 0, host.text)
  assert.ok(seen.includes(first))
  assert.deepStrictEqual(seen.sort(), ids.sort())
  assert.strictEqual((await registry.peek()).length, 0)
})

test('an open registry does not keep the process alive, and its task goes on', async (t) => {
  const store = storeOf(t)
  const host = startHost(t, 'ends', store)
  const id = await host.next()
  assert.deepStrictEqual(await host.ended, { code: 0, signal: null })
  const registry = await openFor(t, { store })
  assert.strictEqual((await registry.task(id).status()).status, 'running')
})

test('a process that exits during a kill finishes it', async (t) => {
  const store = storeOf(t)
  const host = startHost(t, 'exits', store)
  const id = await host.next()
  assert.deepStrictEqual(await host.ended, { code: 7, signal: null })
  const registry = await openFor(t, { store })
  assert.strictEqual((await registry.wait(id)).status, 'killed')
})

test('what waits keeps the process alive', async (t) => {
  const host = startHost(t, 'waits', storeOf(t))
  assert.deepStrictEqual(await host.ended, { code: 5, signal: null })
})

test('an exception in a listener is reported, and no event is lost', async (t) => {
  const host = startHost(t, 'throws', storeOf(t))
  const messages = []
  for (let i = 0; i < 3; i++) messages.push(await host.next())
  messages.sort()
  assert.strictEqual(messages[0], 'caught thrown in a listener')
  assert.strictEqual(messages[1], 'completed')
  assert.match(messages[2], /^heard /)
  assert.strictEqual((await host.ended).code, 0)
})

test('a worker has registries of its own', async (t) => {
  const host = startHost(t, 'workers', storeOf(t))
  assert.strictEqual((await host.next())[1], 'failed')
  assert.strictEqual(await host.next(), 'after\n')
  assert.deepStrictEqual(await host.ended, { code: 0, signal: null })
})

test('a worker that is terminated leaves its task alone', async (t) => {
  const host = startHost(t, 'workers', storeOf(t), 'terminate')
  assert.strictEqual((await host.next())[1], 'running')
  assert.strictEqual(await host.next(), 'after\n')
  assert.deepStrictEqual(await host.ended, { code: 0, signal: null })
})

test("a task's object is collected while the task runs", async (t) => {
  const host = startHost(t, 'collects', storeOf(t))
  assert.strictEqual(await host.next(), 4)
  assert.strictEqual((await host.ended).code, 0)
})
