'use strict'
// Owns the way from structures of the library to values of JavaScript, by the description: names in camelCase, statuses
// and kinds as texts, times as numbers, bytes as Buffers. Must not: free anything. What a library that is older than this
// package does not have is undefined.

const describe = require('./describe')
const native = require('./native')

const numbers = { 'int64_t *': 'int64_t', 'int *': 'int' }

function member(struct, raw, [field, type]) {
  const value = raw[field]
  if (value === undefined) return undefined
  if (type in describe.enums) return describe.enums[type].texts.get(value) ?? 'unknown'
  if (type === 'const char *' || type === 'char *')
    return describe.isBytes(struct, field) ? native.bytes(value, raw[`${field}_size`]) : value
  const counter = describe.counterOf(struct, field)
  if (counter !== undefined)
    return native.items(value, numbers[type] ?? 'const char *', raw[counter])
  const inner = /^(?:const )?(tether_\w+) \*$/.exec(type)
  if (inner) return value === null ? null : object(inner[1], value)
  return value
}

/** Reads a structure into an object. */
function object(struct, pointer) {
  const raw = native.read(struct, pointer)
  const found = {}
  for (const field of describe.api.structs[struct]) {
    if (describe.isSizeOf(struct, field[0])) continue
    const value = member(struct, raw, field)
    if (value !== undefined) found[describe.camel(field[0])] = value
  }
  if (struct === 'tether_snapshot') addFacts(found, raw, pointer)
  if (struct === 'tether_error') return toError(found)
  return found
}

function addFacts(snapshot, raw, pointer) {
  snapshot.ended = native.functions.tether_status_ended(raw.status)
  snapshot.exitStatus = snapshot.ended ? native.functions.tether_exit_status(pointer) : null
  for (const name of ['exitCode', 'onEndExitCode']) {
    if (snapshot[name] === describe.api.constants.TETHER_EXIT_UNKNOWN) snapshot[name] = null
  }
  for (const key of ['survivors', 'survivorNames']) if (snapshot.survivorsKnown && snapshot[key] === null) snapshot[key] = []
}

// An error with code 0 is none.
function toError({ code, osError, step, message }) {
  const { TetherError } = require('./error')
  return code === 0 ? null : new TetherError({ code: native.codeName(code), number: code, osError, step, message })
}

/** Reads a list of the library, which has pointers to its items: tether_snapshot_list, tether_report. */
function list(struct, item, pointer) {
  const raw = native.read(struct, pointer)
  if (raw.count === 0) return []
  return native.items(raw.items, 'void *', raw.count).map((one) => object(item, one))
}

/** Runs a call on a registry that stores a pointer, reads what is there, and frees it. */
async function take(handle, name, args, reader, free) {
  const out = [null]
  await handle.callAsync('brief', name, ...args, out)
  try {
    return reader(out[0])
  } finally {
    native.functions[free](out[0])
  }
}

const readSnapshot = (pointer) => object('tether_snapshot', pointer)
const readList = (pointer) => list('tether_snapshot_list', 'tether_snapshot', pointer)

const takeSnapshot = (handle, name, args) => take(handle, name, args, readSnapshot, 'tether_snapshot_free')
const takeList = (handle, name, args) => take(handle, name, args, readList, 'tether_snapshot_list_free')

module.exports = { list, object, take, takeList, takeSnapshot }
