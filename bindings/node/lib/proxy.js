'use strict'
// Owns the object of work of this process that is a task. Must not: outlive its registry unnoticed: a close makes the
// task lost, and finish then says so.

const native = require('./native')
const options = require('./options')

class ProxyTask {
  #registry
  #pointer
  #abort = new AbortController()

  constructor(registry, id, pointer) {
    this.#registry = registry
    this.#pointer = pointer
    this.id = id
  }

  /** Aborted when the work should stop: somebody kills the task, or its deadline has passed. */
  get signal() {
    return this.#abort.signal
  }

  _cancel() {
    this.#abort.abort(new Error('the task is to end'))
  }

  #open(step) {
    if (this.#pointer === null) throw new Error(`tether: ${step} after finish`)
    return this.#pointer
  }

  /** Whether the work should stop. */
  get cancelled() {
    return native.functions.tether_proxy_cancelled(this.#open('cancelled'))
  }

  /** Appends to the output. */
  write(data, stream = 'stdout') {
    const bytes = options.bytes('data', data)
    const number = options.enumerator('tether_stream', 'stream', stream)
    native.call('tether_proxy_write', this.#open('write'), number, bytes, bytes.length)
  }

  /** Ends the task, by an exit code or a signal. */
  finish({ exitCode = 0, signal = 0 } = {}) {
    const number = typeof signal === 'string' ? native.functions.tether_signal_number(signal) : signal
    const pointer = this.#open('finish')
    this.#pointer = null
    this.#registry._proxies.delete(this.id)
    native.call('tether_proxy_finish', pointer, exitCode, number)
  }
}

module.exports = { ProxyTask }
