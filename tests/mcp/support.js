// What the tests share: a store of their own with the server on it, real clients of both eras, and the end of all that.

import assert from 'node:assert'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Client as ModernClient } from '@modelcontextprotocol/client'
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { checkAnswer } from './answers.js'
import { checkError, checkNotification, checkResult } from './schemas.js'

export const command = process.env.TETHER
assert.ok(command, 'set TETHER to the command to test; ci/mcp does')

const who = { name: 'tether-tests', version: '1' }
const memory = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()

/** What `tether --json WORDS` prints for a store, as an object. */
export function tether(store, ...words) {
  const text = execFileSync(command, ['--store', store, '--json', ...words], { encoding: 'utf8' })
  return text.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line)).flat()
}

/**
 * A directory for a test: `store`, and `work` to start tasks in. At its end what `atEnd` was given is done, the last first, and then all
 * tasks of the store are killed.
 */
export function placeOf(t) {
  const dir = fs.mkdtempSync(path.join(memory, 'tether-mcp-'))
  const ends = []
  const place = { store: path.join(dir, 'store'), work: path.join(dir, 'work'), atEnd: (end) => ends.unshift(end) }
  fs.mkdirSync(place.work)
  t.after(async () => {
    const failures = []
    for (const end of ends) await Promise.resolve(end()).catch((failure) => failures.push(failure))
    if (fs.existsSync(place.store)) killAll(place.store)
    fs.rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    if (failures.length > 0) throw failures[0]
  })
  return place
}

function killAll(store) {
  for (const session of new Set(tether(store, 'list', '--all-sessions').map((task) => task.session_id)))
    execFileSync(command, ['--store', store, '--session', session, 'kill', '--all', '--grace', '0'], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** How a client starts the server. It passes only a few variables of its own. */
export function serverOf(place, ...options) {
  return {
    command,
    args: ['--store', place.store, 'mcp', ...options],
    cwd: place.work,
    env: { PATH: process.env.PATH, HOME: place.work, SECRET_OF_CLIENT: 'squeamish-ossifrage', ...monitor() },
    stderr: 'inherit',
  }
}

function monitor() {
  return process.env.TETHER_MONITOR ? { TETHER_MONITOR: process.env.TETHER_MONITOR } : {}
}

// Messages as they come and go, beside the client that understands them. `raw` has what takes answers that the client must not see.
function record(transport) {
  const messages = { sent: [], received: [], raw: new Map() }
  const start = transport.start.bind(transport)
  transport.start = async () => {
    const pass = transport.onmessage
    transport.onmessage = (message, extra) => {
      messages.received.push(message)
      const take = messages.raw.get(message.id)
      if (take) take(message)
      else pass?.(message, extra)
    }
    await start()
  }
  const send = transport.send.bind(transport)
  transport.send = (message, options) => {
    messages.sent.push(message)
    return send(message, options)
  }
  return messages
}

/** The result of a request is as its method says, and what a tool has answered as that tool says. */
export function checkAnswerTo(request, result) {
  checkResult(eraOf(request), request.method, result)
  if (request.method === 'tools/call') checkAnswer(request.params.name, result)
  if (request.method === 'tasks/result') checkAnswer('run', result)
  if (request.method === 'tasks/get' && result.result) checkAnswer('run', result.result)
}

// All that the server has sent is as the schemas say.
function checkAll({ sent, received }) {
  const asked = new Map(sent.filter((message) => message.id !== undefined).map((message) => [message.id, message]))
  for (const message of received) {
    if (message.method !== undefined) checkNotification(message)
    else if (message.error) checkError(message)
    else checkAnswerTo(asked.get(message.id), message.result)
  }
}

export const eraOf = (request) => (request.params?._meta?.['io.modelcontextprotocol/protocolVersion'] ? 'modern' : 'legacy')

// The clients report what the server must not send (unknown ids, no JSON) to onerror only.
async function connect(place, client, transport) {
  const errors = []
  client.onerror = (error) => errors.push(error)
  const messages = record(transport)
  await client.connect(transport)
  place.atEnd(async () => {
    await client.close()
    assert.deepStrictEqual(errors.map(String), [])
    checkAll(messages)
  })
  return Object.assign(client, { messages, errors })
}

/** The official client of 2025, connected: `initialize` and so on. */
export function legacy(place, { options = [], capabilities = {} } = {}) {
  return connect(place, new LegacyClient(who, { capabilities }), new LegacyTransport(serverOf(place, ...options)))
}

/** The official client of 2026, connected: it asks `server/discover` first. */
export function modern(place, { options = [], capabilities = {}, mode = 'auto' } = {}) {
  const client = new ModernClient(who, { capabilities, versionNegotiation: { mode } })
  return connect(place, client, new ModernTransport(serverOf(place, ...options)))
}

/**
 * Sends requests by the connection of a client, past what it understands: a tool's answer that is a task. It is how the package
 * for tasks wants to be served.
 */
export function rawDispatchOf(client) {
  let last = 0
  return async (request) => {
    const id = `raw-${++last}`
    const answer = new Promise((resolve) => client.messages.raw.set(id, resolve))
    await client.transport.send({ jsonrpc: '2.0', id, ...request })
    const { result, error } = await answer
    return error ? { kind: 'error', error } : { kind: 'result', result }
  }
}

/** Calls a tool; returns its structured content, and fails if the call did. */
export async function call(client, name, args = {}, ...rest) {
  const result = await client.callTool({ name, arguments: args }, ...rest)
  assert.ok(!result.isError, `${name}: ${JSON.stringify(result.content)}`)
  return result.structuredContent
}

/** Calls a tool that must fail in the way of tools; returns the error that it tells. */
export async function fails(client, name, args = {}) {
  const result = await client.callTool({ name, arguments: args })
  assert.strictEqual(result.isError, true, `${name}: ${JSON.stringify(result)}`)
  return result
}

/** The states of a task that goes on: a new one is running for certain only once something has looked. */
export const live = ['starting', 'running']

/** The text of a result, as a model reads it. */
export const textOf = (result) => result.content.map((part) => part.text ?? '').join('\n')

/** Whether a process has a thread that is not over. Of a killed one the first may be a zombie while others still end. */
export function alive(pid) {
  if (!fs.existsSync(`/proc/${pid}`)) return false
  return !/^State:\tZ/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) || fs.readdirSync(`/proc/${pid}/task`).length > 1
}

/** Waits until something is true, and fails after most of the time that a test has. */
export async function until(what) {
  const end = Date.now() + 50000
  while (Date.now() < end) {
    const value = await what()
    if (value) return value
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return assert.fail(`this never became true: ${what}`)
}
