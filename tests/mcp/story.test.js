// The story for which the server is there: a client starts a build and is killed together with the server; later ones find the build,
// wait for it, read its output, and are told of its end once.

import assert from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { alive, call, legacy, modern, placeOf, tether, until } from './support.js'

const here = path.dirname(fileURLToPath(import.meta.url))

// A client in a process of its own, which prints the id of the build and the pid of its server.
async function startBuild(t, place, command) {
  const child = spawn(process.execPath, [path.join(here, 'host.js'), place.store, place.work, command], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const [data] = await once(child.stdout.setEncoding('utf8'), 'data')
  return { child, ...JSON.parse(data) }
}

for (const [era, connect] of Object.entries({ legacy, modern })) {
  test(`a build outlives its client and server, and is found again (${era})`, { timeout: 60000 }, async (t) => {
    const place = placeOf(t)
    const gate = path.join(place.work, 'gate')
    const { child, server, task_id, ended } = await startBuild(t, place, `echo compiling; until [ -e ${gate} ]; do sleep 0.05; done; echo "41 passed"; exit 1`)
    // What ended before the crash was told to the client that died, who has acknowledged nothing.
    process.kill(server, 'SIGKILL')
    child.kill('SIGKILL')
    await until(() => !alive(server) && !alive(child.pid))

    const client = await connect(place)
    const running = await call(client, 'list')
    assert.deepStrictEqual(running.tasks.map((task) => task.task_id), [task_id])
    fs.writeFileSync(gate, '')
    const waited = await call(client, 'wait', { task_ids: [task_id] })
    assert.deepStrictEqual([waited.ended[0].status, waited.ended[0].exit_code], ['failed', 1])
    const { output } = await call(client, 'output', { task_id })
    assert.strictEqual(output.text, 'compiling\n41 passed\n')

    // Each is told once; the lease of a process that died may be noticed a moment later.
    const told = []
    await until(async () => {
      told.push(...(await call(client, 'completions')).completions.map((task) => task.task_id))
      return told.length >= 2
    })
    assert.deepStrictEqual(told.sort(), [ended, task_id].sort())
    // Another client beside it gets none of them, and nobody gets them again.
    const beside = await connect(place)
    assert.deepStrictEqual((await call(beside, 'completions')).completions, [])
    assert.deepStrictEqual((await call(client, 'completions')).completions, [])
    assert.deepStrictEqual((await call(beside, 'completions')).completions, [])
    assert.strictEqual(tether(place.store, 'list', '--all').length, 2)
  })
}
