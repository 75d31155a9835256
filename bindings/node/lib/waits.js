'use strict'
// Owns the waits for ends of a registry's tasks. Must not: know what is done at an end.
//
// An end is told by the event of its completion. A task without a completion (noNotify), or one whose completion
// another host has acknowledged already, has no such event: after a turn that told nothing, and once a second while
// something waits, one list of the running tasks tells which of those waited for are gone from it.

const native = require('./native')
const options = require('./options')
const { takeSnapshot } = require('./values')

const NET_MS = 1000
const PATIENCE = 20 // a look takes at most a twentieth of the time

class Waits {
  constructor(handle, hold, release) {
    this.handle = handle
    this.hold = hold
    this.release = release
    this.pending = new Map()
    this.looking = false
    this.again = false
    this.cost = 0
    this.last = 0
    this.timer = null
    this.closed = null
  }

  /** Calls `settle(error, snapshot)` once, when the task has ended or cannot be waited for. Returns a function that ends
   *  the wait. */
  add(id, settle) {
    if (this.closed) {
      settle(this.closed)
      return () => {}
    }
    let waiters = this.pending.get(id)
    if (waiters === undefined) {
      this.pending.set(id, (waiters = new Set()))
      this.hold()
      this.check(id)
      this.net()
    }
    waiters.add(settle)
    return () => {
      waiters.delete(settle)
      if (waiters.size === 0 && this.pending.get(id) === waiters) this.drop(id)
    }
  }

  drop(id) {
    this.pending.delete(id)
    this.release()
    if (this.pending.size === 0) clearTimeout(this.timer)
  }

  end(id, error, snapshot) {
    const waiters = this.pending.get(id)
    if (waiters === undefined) return
    this.drop(id)
    for (const settle of waiters) settle(error, snapshot)
  }

  /** Looks whether one task has ended. */
  async check(id) {
    try {
      const snapshot = await takeSnapshot(this.handle, 'tether_status_get', [id])
      if (snapshot.ended) this.end(id, null, snapshot)
    } catch (error) {
      this.end(id, error)
    }
  }

  /** A turn is over. `told`: it has told an end. */
  turn(told) {
    if (this.pending.size > 0 && !told) this.look()
  }

  // The safety net, for what no turn tells.
  net() {
    clearTimeout(this.timer)
    if (this.pending.size === 0 || this.closed) return
    this.timer = setTimeout(() => this.look(), NET_MS).unref()
  }

  look() {
    if (this.looking) {
      this.again = true
      return
    }
    this.looking = true
    const pause = this.last + this.cost * PATIENCE - Date.now()
    setTimeout(() => this.lookNow(), Math.max(0, pause)).unref()
  }

  async lookNow() {
    const begun = Date.now()
    const asked = [...this.pending.keys()]
    try {
      const running = await runningIds(this.handle)
      const gone = asked.filter((id) => !running.has(id) && this.pending.has(id))
      await Promise.all(gone.map((id) => this.check(id)))
    } catch {
      // The next look, or a call, tells what is wrong with the store.
    }
    this.last = Date.now()
    this.cost = this.last - begun
    this.looking = false
    if (this.again && this.pending.size > 0) {
      this.again = false
      this.look()
    } else {
      this.net()
    }
  }

  close(error) {
    this.closed = error
    for (const id of [...this.pending.keys()]) this.end(id, error)
    clearTimeout(this.timer)
  }
}

/** The ids of all running tasks, without making objects of their snapshots. */
async function runningIds(handle) {
  const list = [null]
  const wanted = options.make('tether_list_options', { scope: 'running', withoutOutput: true })
  await handle.callAsync('brief', 'tether_list_in', wanted, list)
  try {
    const { items, count } = native.read('tether_snapshot_list', list[0])
    if (count === 0) return new Set()
    const at = native.koffi.offsetof(native.structs.tether_snapshot.whole, 'task_id')
    const idType = native.structs.tether_snapshot.members.find(([name]) => name === 'task_id')[1]
    return new Set(native.items(items, 'void *', count).map((one) => native.koffi.decode(one, at, idType)))
  } finally {
    native.functions.tether_snapshot_list_free(list[0])
  }
}

module.exports = { Waits }
