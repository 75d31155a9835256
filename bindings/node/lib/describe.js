'use strict'
// Owns what the description of the C API (api.json, written by bindings/describe) says about types, and the names of
// this binding for it. Must not: load the library, so that the generator of the types can use it without one.

const api = require('./api.json')

/** The name of a field in this binding: timeout_ms is timeoutMs. */
function camel(name) {
  return name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase())
}

/** The part of enumerators' names that says no more than the name of the enumeration. */
function prefix(names) {
  if (names.length === 1) return names[0].length
  let length = 0
  while (names.every((name) => name[length] === names[0][length])) length++
  return names[0].lastIndexOf('_', length - 1) + 1
}

/** The enumerations, by C name: texts by value and values by text. TETHER_STATUS_TIMED_OUT is "timed_out". */
const enums = {}
for (const [name, values] of Object.entries(api.enums)) {
  const names = Object.keys(values)
  const cut = name === 'tether_code' ? 0 : prefix(names)
  const entry = { texts: new Map(), values: new Map() }
  for (const item of names) {
    const text = cut === 0 ? item : item.slice(cut).toLowerCase()
    entry.texts.set(values[item], text)
    entry.values.set(text, values[item])
  }
  enums[name] = entry
}

/** Whether a field holds bytes whose number is in the field beside it, such as command and command_size. */
function isBytes(struct, field) {
  return api.structs[struct].some(([name]) => name === `${field}_size`)
}

/** Whether a field is the number of another one's bytes or items, which this binding fills in or folds in. */
function isSizeOf(struct, field) {
  if (field === 'size') return true
  const names = api.structs[struct].map(([name]) => name)
  if (field === 'count') return true
  if (field.endsWith('_size')) return names.includes(field.slice(0, -5))
  return field in counted(struct)
}

// Which field counts the items of which, where the names do not tell.
const counters = {
  tether_snapshot: { survivors: 'survivor_count', survivor_names: 'survivor_count', pipeline_statuses: 'pipeline_count' },
}

function counted(struct) {
  const found = {}
  for (const counter of Object.values(counters[struct] ?? {})) found[counter] = true
  return found
}

function counterOf(struct, field) {
  return counters[struct]?.[field]
}

// Fields of options that a user of this binding does not set, each with the reason.
const hidden = {
  tether_open_options: {
    loop: "Node's own loop belongs to another copy of libuv; the registry runs by turns in it",
    dispatch: 'always set: the registry runs by turns in the loop of Node',
    on_event: 'set by this binding; listen with registry.on(...)',
    userdata: 'a closure needs none',
    deferred: 'without effect where events are wanted, as here',
  },
  tether_spec: { found: 'the task says it: task.found' },
  tether_completion_options: { seen: 'a list of the library; completions() notices new ones itself' },
}

// Numbers of type int that mean yes or no.
const flags = { tether_open_options: ['sync', 'ephemeral', 'leave_watches', 'no_gc', 'existing'] }

/** What a field of options takes: "flag", "number", "text", "bytes", "list", "environment", "callback", "signal", or
 *  the name of an enumeration. Undefined: it is not for users. */
function optionKind(struct, [field, type]) {
  if (isSizeOf(struct, field) || hidden[struct]?.[field] !== undefined) return undefined
  if (type in api.enums) return type
  if (type in api.callbacks) return 'callback'
  if (type === 'bool' || flags[struct]?.includes(field)) return 'flag'
  if (type === 'const char *') return isBytes(struct, field) ? 'bytes' : 'text'
  if (type === 'const char *const *') return field === 'env' || field === 'env_set' ? 'environment' : 'list'
  if (struct === 'tether_kill_options' && field === 'signal') return 'signal'
  if (['int', 'int64_t', 'size_t', 'uint64_t'].includes(type)) return 'number'
  throw new Error(`tether: no way is known to take the option ${struct}.${field} of type ${type}`)
}

/** The fields of options that users set, as [name of this binding, C name, kind]. */
function options(struct) {
  const found = []
  for (const field of api.structs[struct]) {
    const kind = optionKind(struct, field)
    if (kind !== undefined) found.push([camel(field[0]), field[0], kind])
  }
  return found
}

module.exports = { api, camel, counterOf, enums, hidden, isBytes, isSizeOf, options }
