'use strict'
// Owns the object of a task: its id, and calls on it. It holds nothing of the library, so it may be collected while the
// task runs. Must not: keep the state of the task, which the store has.

const { setTimeout } = require('node:timers/promises')
const native = require('./native')
const options = require('./options')
const output = require('./output')
const { object, takeSnapshot } = require('./values')

const LONGEST_PAUSE_MS = 100 // between two looks whether a task reads

class Task {
  #registry
  #ended = null

  constructor(registry, id) {
    this.#registry = registry
    this.id = id
    this.found = false
  }

  get #handle() {
    return this.#registry._handle
  }

  /** Waits for the end. Options: timeoutMs, signal, killOnAbort. */
  wait(given) {
    return this.#registry.wait(this.id, given)
  }

  /** A promise of the end. The wait begins when this is read first. */
  get ended() {
    this.#ended ??= this.wait()
    return this.#ended
  }

  status() {
    return takeSnapshot(this.#handle, 'tether_status_get', [this.id])
  }

  /** The state, completed by what the processes use now. */
  async measure() {
    const snapshot = [null]
    await this.#handle.callAsync('brief', 'tether_status_get', this.id, snapshot)
    try {
      await this.#handle.callAsync('long', 'tether_snapshot_measure', snapshot[0])
      return object('tether_snapshot', snapshot[0])
    } finally {
      native.functions.tether_snapshot_free(snapshot[0])
    }
  }

  /** Ends the task with all its processes, or with `signal` only sends that. */
  async kill(given = {}) {
    const chosen = typeof given === 'object' ? given : { signal: given }
    await this.#handle.callAsync('long', 'tether_kill', this.id, options.make('tether_kill_options', chosen))
  }

  async pause() {
    await this.#handle.callAsync('long', 'tether_pause', this.id)
  }

  async resume() {
    await this.#handle.callAsync('long', 'tether_resume', this.id)
  }

  /** Moves the deadline to so many milliseconds from now; -1: none. */
  async extend(timeoutMs) {
    await this.#handle.callAsync('long', 'tether_extend', this.id, timeoutMs)
  }

  /** Writes to standard input of a task with inputPipe, and waits while the task does not read: timeoutMs (-1: for ever),
   *  signal. Returns how much of the data was taken, and how much in total; so do errors. */
  async write(data, { timeoutMs = -1, signal, ...given } = {}) {
    const bytes = options.bytes('data', data)
    const deadline = timeoutMs < 0 ? Infinity : Date.now() + timeoutMs
    let done = 0
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      signal?.throwIfAborted()
      const written = [0]
      const taken = [0]
      const part = bytes.subarray(done)
      const chosen = options.make('tether_input_options', { ...given, offset: (given.offset ?? 0) + done })
      try {
        await this.#handle.callAsync('brief', 'tether_input', this.id, part, part.length, chosen, written, taken)
        return { written: done + Number(written[0]), taken: Number(taken[0]) }
      } catch (error) {
        done += Number(written[0])
        if (error.code !== 'TETHER_ETIMEDOUT' || Date.now() >= deadline)
          throw Object.assign(error, { written: done, taken: Number(taken[0]) })
      }
      await setTimeout(Math.min(pause, Math.max(0, deadline - Date.now())), undefined, { signal })
    }
  }

  /** Closes standard input: the task reads the end. */
  async closeInput() {
    await this.write('', { close: true })
  }

  /** An async iterator of { stream, data, offset, truncated } until the end. Options: view, offsets, signal. */
  output(given) {
    return output.chunks(this.#registry, this.id, given)
  }

  /** An async iterator of lines, as text without the line end. Options as output. */
  lines(given) {
    return output.lines(this.#registry, this.id, given)
  }

  /** The last bytes or lines that were written so far. */
  async tail({ view = 'both', bytes = 0, lines = 0 } = {}) {
    const text = [null]
    const size = [0]
    const truncated = [false]
    const number = options.enumerator('tether_view', 'view', view)
    await this.#handle.callAsync('brief', 'tether_output_tail', this.id, number, bytes, lines, text, size, truncated)
    try {
      return { data: native.bytes(text[0], size[0]), truncated: truncated[0] }
    } finally {
      native.functions.tether_free(text[0])
    }
  }

  /** Reads a part of a stream; empty at the end of what was written so far. */
  async read(stream, offset, size = 65536) {
    const data = Buffer.alloc(size)
    const got = [0]
    const number = options.enumerator('tether_stream', 'stream', stream)
    await this.#handle.callAsync('brief', 'tether_output_read', this.id, number, offset, data, size, got)
    return data.subarray(0, Number(got[0]))
  }

  /** How many bytes a stream has had, and which of them the output limit has dropped. */
  async outputSize(stream = 'stdout') {
    const number = options.enumerator('tether_stream', 'stream', stream)
    const size = [0]
    const gapOffset = [0]
    const gapSize = [0]
    await this.#handle.callAsync('brief', 'tether_output_size', this.id, number, size)
    await this.#handle.callAsync('brief', 'tether_output_gap', this.id, number, gapOffset, gapSize)
    return { size: size[0], gap: { offset: gapOffset[0], size: gapSize[0] } }
  }

  /** What is left of the outputs, in the order and with the times of writing: { stream, offset, bytes, time }. */
  pieces(view = 'both') {
    return output.pieces(this.#registry, this.id, options.enumerator('tether_view', 'view', view))
  }

  /** Keeps the last bytes of the output in memory. */
  async keepRing(bytes) {
    await this.#handle.callAsync('brief', 'tether_ring_keep', this.id, bytes)
  }

  /** What the ring has, at most `size` bytes. */
  readRing(size = 65536) {
    const data = Buffer.alloc(size)
    const got = [0]
    this.#handle.call('tether_ring_read', this.id, data, size, got)
    return data.subarray(0, Number(got[0]))
  }

  /** Adds a watch, whose matches are the registry's events "match". Returns its number. */
  async watch(pattern, given = {}) {
    const number = [0]
    const chosen = options.make('tether_watch_spec', { pattern, ...given })
    await this.#handle.callAsync('brief', 'tether_watch_add', this.id, chosen, number)
    return number[0]
  }

  async unwatch(number) {
    await this.#handle.callAsync('brief', 'tether_watch_remove', this.id, number)
  }

  /** Requests a completion for a task that was started with noNotify. */
  async promote() {
    await this.#handle.callAsync('brief', 'tether_promote', this.id)
  }

  /** Acknowledges the completion. Returns whether this call did it, of all callers in all processes. */
  async acknowledge() {
    const fresh = [false]
    await this.#handle.callAsync('brief', 'tether_completion_ack', this.id, fresh)
    return fresh[0]
  }

  /** Removes the ended task, with its output. */
  async remove() {
    await this.#handle.callAsync('long', 'tether_remove', this.id)
  }
}

module.exports = { Task }
