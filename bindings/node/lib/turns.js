'use strict'
// Owns the turns of a registry in Node's event loop: the descriptor, the timer, and whether they keep the process alive.
// Must not: know what an event means.
//
// The registry runs by tether_dispatch, so the library has no thread that could call JavaScript: on_event is called
// inside the turn, on this thread. A thousand waits cost one descriptor.

const { isMainThread } = require('node:worker_threads')
const native = require('./native')

const POLL_MS = 15
const IDLE_MS = 250

/** Turns by time, where the descriptor cannot be watched: on Windows, because it is a HANDLE, and in workers, because
 *  koffi (3.3.4) calls back while a terminated worker is taken down, which ends the process. A turn too many does no
 *  harm. */
class Clock {
  constructor(callback) {
    this.callback = callback
    this.unref()
  }

  start(interval) {
    clearInterval(this.timer)
    this.timer = setInterval(this.callback, interval)
  }

  ref() {
    this.start(POLL_MS)
  }

  unref() {
    this.start(IDLE_MS)
    this.timer.unref()
  }

  close() {
    clearInterval(this.timer)
  }
}

function watch(handle, callback) {
  if (process.platform === 'win32' || !isMainThread) return new Clock(callback)
  const pollable = [0]
  handle.call('tether_pollable', pollable)
  const poll = native.koffi.node.poll(Number(pollable[0]), { readable: true }, callback)
  poll.unref()
  return poll
}

class Turns {
  /** `afterTurn` is called after each turn. */
  constructor(handle, afterTurn) {
    this.handle = handle
    this.afterTurn = afterTurn
    this.holds = 0
    this.closed = false
    this.soon = null
    this.timer = null
    // Not in the callback of the descriptor itself: there, Node runs no microtasks and reports no exception.
    this.poll = watch(handle, () => this.schedule())
    this.schedule()
  }

  schedule() {
    if (!this.closed && this.soon === null) this.soon = setImmediate(() => this.run())
  }

  run() {
    this.soon = null
    if (this.closed) return
    clearTimeout(this.timer)
    const next = [0]
    this.handle.call('tether_dispatch', next)
    const ms = Number(next[0])
    if (ms === 0) this.schedule()
    else if (ms > 0) this.timer = setTimeout(() => this.schedule(), Math.min(ms, 2 ** 31 - 1)).unref()
    this.afterTurn()
  }

  /** Keeps the process alive until `release`: something waits for an event. */
  hold() {
    if (this.holds++ === 0 && !this.closed) this.poll.ref()
  }

  release() {
    if (--this.holds === 0 && !this.closed) this.poll.unref()
  }

  close() {
    if (this.closed) return
    this.closed = true
    clearTimeout(this.timer)
    clearImmediate(this.soon)
    this.poll.close()
  }
}

module.exports = { Turns }
