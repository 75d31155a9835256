// A start with a key happens once, also when its answer was lost with the server.

import assert from 'node:assert'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { call, legacy, modern, placeOf } from './support.js'
import { envelope, Wire } from './wire.js'

for (const [era, connect] of Object.entries({ legacy, modern })) {
  test(`the same key starts one task (${era})`, { timeout: 60000 }, async (t) => {
    const place = placeOf(t)
    const client = await connect(place)
    const file = path.join(place.work, 'count')
    const args = { command: `echo started >>${file}`, key: 'build-7' }
    const first = await call(client, 'run', args)
    const second = await call(client, 'run', args)
    assert.strictEqual(second.task_id, first.task_id)
    assert.strictEqual(fs.readFileSync(file, 'utf8'), 'started\n')
    assert.notStrictEqual((await call(client, 'run', { ...args, key: 'build-8' })).task_id, first.task_id)
  })
}

test('a start whose answer was lost with the server is not done twice', { timeout: 60000 }, async (t) => {
  const place = placeOf(t)
  const file = path.join(place.work, 'count')
  const args = { command: `echo started >>${file}; exec sleep 1000`, key: 'build-7', wait_ms: 0 }
  const lost = new Wire(place)
  lost.mayBeKilled = true
  lost.begin('tools/call', { name: 'run', arguments: args, _meta: envelope() })
  await lost.tool('list')
  lost.process.kill('SIGKILL')
  await lost.ended
  const wire = new Wire(place)
  const { structuredContent: task } = await wire.tool('run', args)
  await wire.tool('run', args)
  const { structuredContent: { tasks } } = await wire.tool('list', { all: true })
  assert.deepStrictEqual(tasks.map((one) => one.task_id), [task.task_id])
})
