'use strict'
// What the tests share: stores of their own, hosts in other processes.

const assert = require('node:assert')
const { fork } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const tether = require('..')

const memory = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()

/** A path for a store, removed at the end of the test after all its tasks were ended. */
function storeOf(t) {
  const dir = fs.mkdtempSync(path.join(memory, 'tether-node-'))
  t.after(async () => {
    const store = path.join(dir, 'store')
    if (fs.existsSync(store)) await (await tether.open({ store, session: 'tests' })).close({ shutdown: true })
    fs.rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  })
  return path.join(dir, 'store')
}

/** Opens a registry that is closed at the end of the test. */
async function openFor(t, options = {}) {
  const registry = await tether.open({ store: options.store ?? storeOf(t), session: 'tests', ...options })
  t.after(() => registry.close())
  return registry
}

/** Starts a host of test/hosts.js in a process of its own. Returns it with `next()`, its next message. */
function startHost(t, name, ...words) {
  const child = fork(path.join(__dirname, 'hosts.js'), [name, ...words], { execArgv: ['--expose-gc'], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  t.after(() => child.kill('SIGKILL'))
  const messages = []
  let wake = null
  child.on('message', (message) => {
    messages.push(message)
    wake?.()
  })
  child.text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (child.text += data))
  child.next = async () => {
    while (messages.length === 0)
      await Promise.race([new Promise((resolve) => (wake = resolve)),
        child.ended.then(({ code, signal }) =>
          messages.length > 0 || assert.fail(`the host ${name} ended (${code ?? signal}): ${child.text}`))])
    return messages.shift()
  }
  child.ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  return child
}

function rejects(promise, code) {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof tether.TetherError, String(error.stack))
    assert.strictEqual(error.code, code)
    assert.ok(error.number < 0 && error.message.length > 0 && error.step.length > 0)
    return true
  })
}

module.exports = { openFor, rejects, startHost, storeOf, tether }
