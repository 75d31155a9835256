// A client of our own, for what the official ones do not speak or would hide: it sends any message, keeps all that come, and
// checks each against the schemas in schemas.js.

import assert from 'node:assert'
import { spawn } from 'node:child_process'
import { checkAnswerTo, serverOf } from './support.js'
import { checkError, checkNotification } from './schemas.js'

export const VERSION = '2026-07-28'
const META = 'io.modelcontextprotocol/'
export const TASKS = `${META}tasks`

/** What each request of 2026 carries. */
export function envelope({ tasks = false, version = VERSION, ...more } = {}) {
  return {
    [`${META}protocolVersion`]: version,
    [`${META}clientInfo`]: { name: 'tether-tests', version: '1' },
    [`${META}clientCapabilities`]: tasks ? { extensions: { [TASKS]: {} } } : {},
    ...more,
  }
}

export class Wire {
  constructor(place, ...options) {
    const { command, args, cwd, env } = serverOf(place, ...options)
    this.process = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] })
    this.ended = new Promise((resolve) => this.process.once('close', (code, signal) => resolve({ code, signal })))
    this.waiting = new Map() // id -> what takes the answer
    this.notices = []
    this.stray = [] // answers to nothing that was asked
    this.wakers = []
    this.last = 0
    this.mayBeKilled = false
    let text = ''
    this.process.stdin.on('error', () => {})
    this.process.stdout.setEncoding('utf8').on('data', (data) => {
      const lines = (text + data).split('\n')
      text = lines.pop()
      for (const line of lines) this.take(JSON.parse(line))
    })
    place.atEnd(async () => {
      this.process.stdin.end()
      const late = setTimeout(() => this.process.kill('SIGKILL'), 20000)
      const { signal } = await this.ended
      clearTimeout(late)
      assert.ok(signal !== 'SIGKILL' || this.mayBeKilled, 'the server ends with its input')
      assert.strictEqual(text, '', 'the last line of the server is whole')
      assert.deepStrictEqual(this.stray.filter((one) => !this.strayExpected?.(one)), [])
    })
  }

  take(message) {
    assert.strictEqual(message.jsonrpc, '2.0')
    if (message.method !== undefined) {
      checkNotification(message)
      this.notices.push(message)
    } else if (this.waiting.has(message.id)) {
      const take = this.waiting.get(message.id)
      this.waiting.delete(message.id)
      take(message)
    } else {
      checkError(message)
      this.stray.push(message)
    }
    for (const wake of this.wakers.splice(0)) wake()
  }

  write(text) {
    this.process.stdin.write(text)
  }

  send(message) {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }

  /** Sends a request; returns { id, answer }, a promise of the whole answer. */
  begin(method, params, id = ++this.last) {
    const answer = new Promise((resolve, reject) => this.waiting.set(id, (message) => {
      try {
        if (message.error) checkError(message)
        else checkAnswerTo({ method, params }, message.result)
        resolve(message)
      } catch (error) {
        reject(error)
      }
    }))
    this.send({ id, method, params })
    return { id, answer }
  }

  /** The result of a request. */
  async ask(method, params) {
    const { result, error } = await this.begin(method, params).answer
    assert.ok(result, `${method}: ${JSON.stringify(error)}`)
    return result
  }

  /** The error of a request. */
  async refused(method, params, code) {
    const { result, error } = await this.begin(method, params).answer
    assert.ok(error, `${method}: ${JSON.stringify(result)}`)
    assert.strictEqual(error.code, code, JSON.stringify(error))
    return error
  }

  /** A request of 2026. */
  modern(method, params = {}, options = {}) {
    return this.ask(method, { ...params, _meta: envelope(options) })
  }

  tool(name, args = {}, options = {}) {
    return this.modern('tools/call', { name, arguments: args }, options)
  }

  /** The first notice, also of those that have come, for which this holds. */
  async notice(holds) {
    for (;;) {
      const found = this.notices.find(holds)
      if (found) return found
      await new Promise((resolve) => this.wakers.push(resolve))
    }
  }
}
