'use strict'
// Owns an open registry: its turns, its events, and all calls that are about no single task. Must not: keep the process
// alive when nothing is waited for.

const { EventEmitter } = require('node:events')
const describe = require('./describe')
const native = require('./native')
const options = require('./options')
const output = require('./output')
const { Bell, completions } = require('./completions')
const { ProxyTask } = require('./proxy')
const { Task } = require('./task')
const { Turns } = require('./turns')
const { list, object, takeList, takeSnapshot } = require('./values')
const { Waits } = require('./waits')

const DEFAULT_LIMIT = 1024 * 1024

// All open registries of this thread. They stay open, also when nothing refers to them, until they are closed or the
// process exits.
const open = new Set()

function textOf(buffer) {
  return buffer.toString('latin1', 0, buffer.indexOf(0))
}

/** The members of a specification, for a command text, an array of arguments, or an object of options. */
function specOf(command, given, others) {
  let chosen = { ...given }
  if (Array.isArray(command)) chosen.argv = command
  else if (typeof command === 'string' || command instanceof Uint8Array) chosen.command = command
  else if (command !== null && typeof command === 'object') chosen = { ...command, ...given }
  else throw new TypeError('tether: a command is a text, an array of arguments, or an object of options')
  // Read here: another thread must not, while JavaScript may change it.
  chosen.env ??= process.env
  return options.make('tether_spec', chosen, others)
}

class Registry extends EventEmitter {
  #callbacks = []
  #told = false
  #closing = null
  #followers = new Map()

  /** For open() only. */
  constructor() {
    super()
    this._proxies = new Map()
    this._bell = new Bell()
  }

  async _open(given) {
    const chosen = options.members('tether_open_options', given)
    // The environment is read here: another thread must not, while JavaScript may change it.
    if (chosen.store === undefined && !chosen.ephemeral) chosen.store = defaultStore()
    const wrap = (type, callback) => {
      const pointer = native.koffi.register(callback, native.callbacks[type])
      this.#callbacks.push(pointer)
      return pointer
    }
    if (chosen.compress) chosen.compress = wrap('tether_compress_cb', compressor(chosen.compress))
    chosen.on_event = wrap('tether_event_cb', (_, event) => this.#receive(event))
    chosen.dispatch = 1
    const registry = [null]
    try {
      await native.callAsync('brief', 'tether_open', native.fill('tether_open_options', chosen), registry)
    } catch (error) {
      this.#unregister()
      throw error
    }
    this._handle = new native.Handle(registry[0])
    this._turns = new Turns(this._handle, () => this.#afterTurn())
    this._waits = new Waits(this._handle, () => this._turns.hold(), () => this._turns.release())
    open.add(this)
    return this
  }

  #unregister() {
    for (const pointer of this.#callbacks.splice(0)) native.koffi.unregister(pointer)
  }

  // --- Events ---

  // Runs inside tether_dispatch. The event is valid in here only, and nothing may be thrown into the library.
  #receive(pointer) {
    try {
      const event = object('tether_event', pointer)
      if (event.kind === 'completion') {
        this.#told = true
        this._waits.end(event.taskId, null, event.snapshot)
        this._bell.ring()
      }
      if (event.kind === 'cancel') this._proxies.get(event.taskId)?._cancel()
      // After the turn, so that a listener may call everything.
      setImmediate(() => this.#deliver(event))
    } catch (error) {
      report(error)
    }
  }

  #deliver(event) {
    const name = describe.camel(event.kind)
    // One listener that throws must not keep an event from the others.
    for (const listener of this.rawListeners(name)) {
      try {
        listener.call(this, event)
      } catch (error) {
        report(error)
      }
    }
  }

  #afterTurn() {
    const told = this.#told
    this.#told = false
    this._waits.turn(told)
    this._bell.ring()
  }

  /** Keeps the process alive, for a host that lives by its events; unref ends that. Each counts. */
  ref() {
    this._turns.hold()
    return this
  }

  unref() {
    this._turns.release()
    return this
  }

  // --- Tasks ---

  /** Starts a task, or finds the one that has the key. Returns when its supervisor runs. */
  async spawn(command, given) {
    const id = Buffer.alloc(describe.api.constants.TETHER_ID_SIZE)
    const spec = specOf(command, given)
    const found = Buffer.alloc(1)
    if (spec.key !== null) spec.found = found
    await this._handle.callAsync('brief', 'tether_spawn', spec, id)
    return Object.assign(this.task(textOf(id)), { found: found[0] !== 0 })
  }

  /** Starts a task and waits for its end, but not longer than waitMs. Then the task goes on in the background. */
  async run(command, { waitMs = -1, limit = DEFAULT_LIMIT, signal, killOnAbort, ...given } = {}) {
    signal?.throwIfAborted()
    const task = await this.spawn(command, given)
    try {
      if (waitMs !== 0) await task.wait({ timeoutMs: waitMs, signal, killOnAbort })
    } catch (error) {
      if (error.code !== 'TETHER_ETIMEDOUT') throw Object.assign(error, { task })
    }
    const snapshot = await task.status()
    const stdout = await output.last(task, 'stdout', limit)
    const stderr = await output.last(task, 'stderr', limit)
    return { task, snapshot, ended: snapshot.ended, exitStatus: snapshot.exitStatus, output: stdout.data,
      outputOffset: stdout.offset, errors: stderr.data, errorsOffset: stderr.offset }
  }

  /** The object of a task of the session. Looks at nothing. */
  task(id) {
    if (typeof id !== 'string') throw new TypeError('tether: the id of a task must be a string')
    return new Task(this, id)
  }

  /** The state of a task of this session, or of another one with this project root. */
  find(id, projectRoot = null) {
    return takeSnapshot(this._handle, 'tether_find', [id, projectRoot])
  }

  /** The states of tasks, the newest first. Options: scope, projectRoot, allSessions, withoutOutput. */
  list(given) {
    return takeList(this._handle, 'tether_list_in', [options.make('tether_list_options', given)])
  }

  /** Waits for the end of a task. Options: timeoutMs, signal, killOnAbort. */
  wait(id, { timeoutMs = -1, signal, killOnAbort = false } = {}) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted && !killOnAbort) throw signal.reason
      let timer = null
      let remove = () => {}
      const finish = (error, snapshot) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        if (error) reject(error)
        else resolve(snapshot)
      }
      const abort = () => {
        remove()
        if (!killOnAbort) finish(signal.reason)
        else this.task(id).kill().then(() => finish(signal.reason), finish)
      }
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort)
      // One at once: the end may be told while this is called.
      remove = this._waits.add(id, finish)
      if (timeoutMs >= 0)
        timer = setTimeout(() => {
          remove()
          finish(native.failure('TETHER_ETIMEDOUT', 'wait', `the wait timed out before the task ${id} ended; it goes on`))
        }, timeoutMs)
    })
  }

  /** An async iterator of the ends of these tasks, each once, in the order in which they ended. */
  async *ends(ids, { signal } = {}) {
    const wanted = ids ?? (await this.list({ withoutOutput: true })).map((one) => one.taskId)
    const found = []
    let wake = null
    const waits = wanted.map((id) => this._waits.add(id, (error, snapshot) => {
      found.push({ error, snapshot })
      wake?.()
    }))
    const abort = () => wake?.()
    signal?.addEventListener('abort', abort)
    try {
      for (let left = wanted.length; left > 0; left--) {
        while (found.length === 0) {
          signal?.throwIfAborted()
          await new Promise((resolve) => (wake = resolve))
        }
        const { error, snapshot } = found.shift()
        if (error) throw error
        yield snapshot
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      for (const remove of waits) remove()
    }
  }

  /** Registers work of this process as a task. Options: taskId, name, projectRoot, timeoutMs, noNotify. */
  async proxy(command, given) {
    const id = Buffer.alloc(describe.api.constants.TETHER_ID_SIZE)
    const out = [null]
    const chosen = options.make('tether_proxy_spec', { command, ...given })
    await this._handle.callAsync('brief', 'tether_proxy_open', chosen, id, out)
    const proxy = new ProxyTask(this, textOf(id), out[0])
    this._proxies.set(proxy.id, proxy)
    return proxy
  }

  /** Waits until the kills that this registry carries on with are over. Never longer than five seconds at once. */
  async finishKills(timeoutMs = 5000) {
    await this._handle.callAsync('long', 'tether_finish_kills', timeoutMs)
  }

  // --- Completions ---

  /** An async iterator of completions. Options: allSessions, follow (false: only those that are pending now), signal. */
  completions(given) {
    return completions(this, given)
  }

  /** The pending completions, also leased ones. Changes nothing. Options: allSessions, limit. */
  peek(given) {
    return this.#completionList('tether_completions_peek', given)
  }

  /** Leases the pending completions: acknowledge or release each. */
  lease(given) {
    return this.#completionList('tether_completions_lease', given)
  }

  /** Leases and acknowledges in one step. */
  drain(given) {
    return this.#completionList('tether_completions_drain', given)
  }

  #completionList(name, given) {
    return takeList(this._handle, name, [options.make('tether_completion_options', given)])
  }

  /** Acknowledges a completion. Returns whether this call did it, of all callers in all processes. */
  acknowledge(id) {
    return this.task(id).acknowledge()
  }

  /** Ends the lease on a completion. */
  async release(id) {
    await this._handle.callAsync('brief', 'tether_completion_release', id)
  }

  // --- Care ---

  /** Removes old tasks of the store. Options: olderThanMs, pendingOlderThanMs, sessionOnly. */
  gc(given) {
    return this.#collect('tether_gc', options.make('tether_gc_options', given))
  }

  /** Removes tasks of the session that ended so long ago. */
  cleanupFinished(olderThanMs = 0) {
    return this.#collect('tether_cleanup_finished', olderThanMs)
  }

  async #collect(name, wanted) {
    const result = Buffer.alloc(native.koffi.sizeof(native.structs.tether_gc_result.whole))
    result.writeUInt32LE(result.length, 0)
    await this._handle.callAsync('long', name, wanted, result)
    const { size, ...counts } = native.koffi.decode(result, native.structs.tether_gc_result.whole)
    return counts
  }

  // --- The end ---

  /** Keeps a follower to close it before the registry. Returns the function that closes it. */
  _follow(follower) {
    const close = () => {
      if (this.#followers.delete(follower)) native.functions.tether_follow_close(follower)
    }
    this.#followers.set(follower, close)
    return close
  }

  get closed() {
    return this.#closing !== null
  }

  /** Closes the registry. Tasks go on, unless shutdown is true. What still waits fails with TETHER_ECLOSED. */
  close({ shutdown = false } = {}) {
    this.#closing ??= this.#close(shutdown ? 1 : 0)
    return this.#closing
  }

  async #close(mode) {
    this.#beforeClose()
    await this._handle.stop()
    this.#closeFollowers()
    try {
      await native.callAsync('long', 'tether_close', this._handle.pointer, mode)
    } finally {
      this.#unregister()
    }
  }

  #beforeClose() {
    open.delete(this)
    this._handle.closing = true
    this._turns.close()
    this._waits.close(native.failure('TETHER_ECLOSED', 'wait', 'the registry is closed'))
    this._bell.ring()
  }

  #closeFollowers() {
    for (const close of [...this.#followers.values()]) close()
  }

  // The process exits: detaches at once, unless another thread is in a call, which then must only not wait.
  _exit() {
    this.#beforeClose()
    native.functions.tether_interrupt(this._handle.pointer)
    if (this._handle.running > 0) return
    this.#closeFollowers()
    native.functions.tether_close(this._handle.pointer, 0, null)
  }

  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    return this.close()
  }
}

/** Reports an exception of a callback as one that nothing has caught. */
function report(error) {
  setImmediate(() => {
    throw error
  })
}

function compressor(shorten) {
  return (command, text, size, shorter, room) => {
    const keep = Number(room) + 1
    try {
      const short = shorten(native.bytes(text, size).toString(), native.koffi.decode.string(command))
      if (typeof short !== 'string') return keep
      const bytes = Buffer.from(short)
      if (bytes.length > room) return keep
      bytes.copy(Buffer.from(native.koffi.view(shorter, Number(room))))
      return bytes.length
    } catch (error) {
      report(error)
      return keep
    }
  }
}

/** The path of the store that is used if none is named. */
function defaultStore() {
  native.open()
  const out = [null]
  native.call('tether_default_store', out)
  try {
    return native.koffi.decode.string(out[0])
  } finally {
    native.functions.tether_free(out[0])
  }
}

/** Opens a session of a store. */
async function openRegistry(given) {
  native.open()
  return new Registry()._open(given)
}

/** Checks this machine and a store: an array of { verdict, name, text }. */
async function doctor(store = null) {
  native.open()
  const out = [null]
  await native.callAsync('long', 'tether_doctor', store, out)
  try {
    return list('tether_report', 'tether_finding', out[0])
  } finally {
    native.functions.tether_report_free(out[0])
  }
}

process.on('exit', () => {
  for (const registry of [...open]) registry._exit()
})

module.exports = { Registry, defaultStore, doctor, openRegistry }
