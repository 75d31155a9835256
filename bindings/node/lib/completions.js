'use strict'
// Owns the iteration over completions: each is leased before it is handed out, and acknowledged when the loop's body has
// gone on. Must not: lose one: a body that breaks or throws releases it, and a host that dies has released it.

const options = require('./options')
const { takeList } = require('./values')

const NET_MS = 1000 // another host may release a completion, or die, and nothing tells

/** Wakes the iterators of a registry. */
class Bell {
  constructor() {
    this.waiting = new Set()
  }

  ring() {
    for (const wake of this.waiting) wake()
  }
}

/** Waits for a ring, the safety net, or the abort. */
function ring(registry, signal) {
  return new Promise((resolve) => {
    const { waiting } = registry._bell
    const wake = () => {
      waiting.delete(wake)
      clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      registry._turns.release()
      resolve()
    }
    registry._turns.hold()
    const timer = setTimeout(wake, NET_MS)
    waiting.add(wake)
    signal?.addEventListener('abort', wake)
  })
}

async function* completions(registry, given = {}) {
  const { signal, follow = true, ...rest } = given
  const wanted = options.make('tether_completion_options', { ...rest, limit: 1 })
  for (;;) {
    signal?.throwIfAborted()
    const list = await takeList(registry._handle, 'tether_completions_lease', [wanted])
    if (list.length === 0) {
      if (!follow) return
      await ring(registry, signal)
      continue
    }
    const [snapshot] = list
    let handled = false
    try {
      yield snapshot
      handled = true
    } finally {
      const call = handled ? 'tether_completion_ack' : 'tether_completion_release'
      if (handled) await registry._handle.callAsync('brief', call, snapshot.taskId, null)
      else if (!registry._handle.closing) await registry._handle.callAsync('brief', call, snapshot.taskId)
    }
  }
}

module.exports = { Bell, completions }
