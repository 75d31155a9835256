// The command line of the official inspector, in both eras. ci/mcp --inspector runs it.

import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { command, placeOf, serverOf } from './support.js'

const inspector = process.env.TETHER_INSPECTOR

// What the inspector prints of a method, as an object, and what it says beside it.
function inspect(place, era, method, ...words) {
  const { env } = serverOf(place)
  const done = spawnSync(process.execPath, [`${inspector}/clients/launcher/build/index.js`, '--cli', command, 'mcp', '-e', `TETHER_STORE=${place.store}`,
    '--quiet', '--format', 'json', '--protocol-era', era, '--method', method, ...words], { env, cwd: place.work, encoding: 'utf8' })
  assert.strictEqual(done.status, 0, done.stderr)
  return { ...JSON.parse(done.stdout), says: done.stderr }
}

for (const era of ['legacy', 'modern']) {
  test(`the inspector lists and calls tools, and finds no fault in their schemas (${era})`, { timeout: 120000 }, (t) => {
    const place = placeOf(t)
    const { result: { tools }, says } = inspect(place, era, 'tools/list', '--strict')
    assert.strictEqual(tools.length, 12)
    assert.ok(!/warning|error/i.test(says.replace(/\b0 (errors|warnings)\b/g, '')), says)
    // It knows tasks, in which a command that fails is an error, with which the inspector ends.
    const { result: run } = inspect(place, era, 'tools/call', '--tool-name', 'run', '--tool-args-json', JSON.stringify({ command: 'echo hello' }))
    assert.strictEqual(run.structuredContent.exit_code, 0)
    const { result: { resources } } = inspect(place, era, 'resources/list')
    const { uri } = resources.find((resource) => resource.mimeType === 'text/plain')
    assert.strictEqual(inspect(place, era, 'resources/read', '--uri', uri).result.contents[0].text, 'hello\n')
  })
}
