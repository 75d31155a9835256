'use strict'
// Owns the reading of outputs while they are written. Must not: wait in a call of the library.
//
// A follower is read without waiting. When it has nothing, this waits until the system tells that a file of the task has
// changed, or the registry that the task has ended.

const fs = require('node:fs')
const { StringDecoder } = require('node:string_decoder')
const describe = require('./describe')
const native = require('./native')
const options = require('./options')

const CHUNK = 64 * 1024
const NET_MS = 1000 // looks at the files all the same: not every file system tells of changes
const BLIND_MS = 50
const TURN_MS = 5 // reads at most so long before other work of the loop has its turn

/** Wakes a reader when there may be more to read. */
class Growth {
  constructor(registry, id, files, signal) {
    this.fired = false
    this.wake = null
    this.failure = null
    this.pause = NET_MS
    this.signal = signal
    this.watchers = files.map((file) => this.watch(file)).filter((one) => one !== null)
    this.endWait = registry._waits.add(id, (error) => this.fire(error?.code === 'TETHER_ECLOSED' ? error : null))
    this.onAbort = () => this.fire(signal.reason)
    signal?.addEventListener('abort', this.onAbort)
    if (signal?.aborted) this.onAbort()
  }

  watch(file) {
    try {
      const watcher = fs.watch(file, { persistent: false }, () => this.fire())
      watcher.on('error', () => (this.pause = BLIND_MS))
      return watcher
    } catch {
      // Too many watches, or a file system without them.
      this.pause = BLIND_MS
      return null
    }
  }

  fire(failure) {
    this.failure ??= failure ?? null
    this.fired = true
    this.wake?.()
  }

  check() {
    if (this.failure !== null) throw this.failure
  }

  async next() {
    if (!this.fired) {
      await new Promise((resolve) => {
        this.wake = resolve
        this.timer = setTimeout(resolve, this.pause)
      })
      clearTimeout(this.timer)
    }
    this.fired = false
    this.check()
  }

  close() {
    this.endWait()
    this.signal?.removeEventListener('abort', this.onAbort)
    for (const watcher of this.watchers) watcher.close()
  }
}

/** Reads what is there: { stream, data }, null if the task has ended and all was read, undefined if there is no more now. */
function readNow(follower, stream, got) {
  const data = Buffer.allocUnsafe(CHUNK)
  try {
    native.call('tether_follow_read', follower, data, CHUNK, 0, stream, got)
  } catch (error) {
    if (error.code === 'TETHER_ETIMEDOUT') return undefined
    throw error
  }
  if (Number(got[0]) === 0) return null
  return { stream: describe.enums.tether_stream.texts.get(stream[0]), data: data.subarray(0, Number(got[0])) }
}

// Where the chunk stands: a stream that was truncated begins anew.
function place(follower, chunk, number, truncations) {
  const offset = [0]
  const count = [0]
  native.functions.tether_follow_place(follower, number, offset, count)
  chunk.offset = Number(offset[0]) - chunk.data.length
  chunk.truncated = count[0] !== truncations[number]
  truncations[number] = count[0]
}

async function* chunks(registry, id, given = {}) {
  const { view = 'both', offsets = null, signal } = given
  const number = options.enumerator('tether_view', 'view', view)
  signal?.throwIfAborted()
  const snapshot = await registry.task(id).status()
  const out = [null]
  await registry._handle.callAsync('brief', 'tether_follow_open', id, number, offsets, out)
  const follower = out[0]
  const close = registry._follow(follower)
  let growth = null
  try {
    growth = new Growth(registry, id, [snapshot.outputPath, snapshot.stderrPath].filter(Boolean), signal)
    const stream = [0]
    const got = [0]
    const truncations = [0, 0]
    let since = Date.now()
    for (;;) {
      growth.check()
      registry._handle.check('tether_follow_read')
      const chunk = readNow(follower, stream, got)
      if (chunk === null) return
      if (chunk === undefined) {
        await growth.next()
        since = Date.now()
        continue
      }
      place(follower, chunk, stream[0], truncations)
      yield chunk
      if (Date.now() - since >= TURN_MS) {
        await new Promise((resolve) => setImmediate(resolve))
        since = Date.now()
      }
    }
  } finally {
    growth?.close()
    close()
  }
}

async function* lines(registry, id, given) {
  const parts = { stdout: { decoder: new StringDecoder('utf8'), rest: '' }, stderr: { decoder: new StringDecoder('utf8'), rest: '' } }
  for await (const { stream, data } of chunks(registry, id, given)) {
    const part = parts[stream]
    const found = (part.rest + part.decoder.write(data)).split('\n')
    part.rest = found.pop()
    for (const line of found) yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
  for (const part of Object.values(parts)) {
    const rest = part.rest + part.decoder.end()
    if (rest !== '') yield rest
  }
}

async function pieces(registry, id, view) {
  const out = [null]
  await registry._handle.callAsync('brief', 'tether_pieces_open', id, view, out)
  try {
    const type = native.structs.tether_piece.whole
    const found = []
    const count = Number(native.functions.tether_pieces_count(out[0]))
    for (let i = 0; i < count; i++) {
      const piece = Buffer.alloc(native.koffi.sizeof(type))
      piece.writeUInt32LE(piece.length, 0)
      if (native.functions.tether_pieces_get(out[0], i, piece) !== 0) break
      const { stream, offset, bytes, time } = native.koffi.decode(piece, type)
      found.push({ stream: describe.enums.tether_stream.texts.get(stream), offset, bytes, time })
    }
    return found
  } finally {
    native.functions.tether_pieces_free(out[0])
  }
}

/** The last `limit` bytes of a stream, from one piece: { data, offset }. */
async function last(task, stream, limit) {
  const { size, gap } = await task.outputSize(stream)
  let offset = Math.max(Number(size) - limit, 0)
  const gapEnd = Number(gap.offset) + Number(gap.size)
  if (gap.size > 0 && offset < gapEnd) offset = gapEnd
  const parts = []
  for (let at = offset; at < size; ) {
    const part = await task.read(stream, at, Math.min(Number(size) - at, 1024 * 1024)).catch((error) => {
      if (error.code !== 'TETHER_EDROPPED') throw error
      return null
    })
    if (part === null) return last(task, stream, limit) // the gap has grown meanwhile
    if (part.length === 0) break
    parts.push(part)
    at += part.length
  }
  return { data: Buffer.concat(parts), offset }
}

module.exports = { chunks, last, lines, pieces }
