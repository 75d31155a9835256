'use strict'
// Owns the way from options of JavaScript to the structures of the library, by the description. Must not: know what an
// option does. An option that is misspelt, or has a wrong type, is a TypeError before anything happens.

const describe = require('./describe')
const native = require('./native')

function wrong(name, wanted) {
  return new TypeError(`tether: the option ${name} must be ${wanted}`)
}

/** Checks a text that becomes a string of C. */
function text(name, value) {
  if (typeof value !== 'string') throw wrong(name, 'a string')
  if (value.includes('\0')) throw wrong(name, 'a string without NUL')
  return value
}

function bytes(name, value) {
  if (typeof value === 'string') return Buffer.from(value)
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  throw wrong(name, 'a string or a Buffer')
}

/** A string of C with any bytes but NUL: for arguments that are no UTF-8. */
function item(name, value) {
  if (typeof value === 'string') return text(name, value)
  if (!(value instanceof Uint8Array)) throw wrong(name, 'an array of strings or Buffers')
  if (value.includes(0)) throw wrong(name, 'without NUL')
  return Buffer.concat([value, Buffer.from([0])])
}

function list(name, value) {
  if (!Array.isArray(value)) throw wrong(name, 'an array of strings')
  return [...value.map((one) => item(name, one)), null]
}

function environment(name, value) {
  if (Array.isArray(value)) return list(name, value)
  if (value === null || typeof value !== 'object') throw wrong(name, 'an object of variables')
  const found = []
  for (const [key, one] of Object.entries(value)) {
    if (one === undefined) continue
    if (key === '' || key.includes('=')) throw new TypeError(`tether: ${name} has a variable named "${key}"`)
    found.push(text(`${name}.${key}`, `${key}=${one}`))
  }
  return [...found, null]
}

function number(name, value) {
  if (typeof value === 'bigint') return value
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrong(name, 'an integer')
  return value
}

function flag(name, value) {
  if (typeof value !== 'boolean') throw wrong(name, 'true or false')
  return value
}

function signal(name, value) {
  if (typeof value === 'number') return number(name, value)
  const found = native.functions.tether_signal_number(text(name, value))
  if (found === 0) throw wrong(name, `a signal; there is no ${value}`)
  return found
}

function callback(name, value) {
  if (typeof value !== 'function') throw wrong(name, 'a function')
  return value
}

const kinds = { text, bytes, list, environment, number, flag, signal, callback }

/** The value of an enumerator by its text. */
function enumerator(enumeration, name, value) {
  const { values } = describe.enums[enumeration]
  if (!values.has(value)) throw wrong(name, `one of ${[...values.keys()].map((one) => `"${one}"`).join(', ')}`)
  return values.get(value)
}

const tables = new Map()

function tableOf(struct) {
  let table = tables.get(struct)
  if (table === undefined) {
    table = new Map(describe.options(struct).map(([key, field, kind]) => [key, { field, kind }]))
    tables.set(struct, table)
  }
  return table
}

/** The members of a structure, by their C names, for options of JavaScript. `others` names keys that the caller takes
 *  itself. Callbacks stay functions. */
function members(struct, given, others = []) {
  const table = tableOf(struct)
  const found = {}
  for (const [key, value] of Object.entries(given ?? {})) {
    if (value === undefined || others.includes(key)) continue
    const entry = table.get(key)
    if (entry === undefined)
      throw new TypeError(`tether: there is no option ${key}; there are ${[...table.keys(), ...others].join(', ')}`)
    const { field, kind } = entry
    if (value === null && kind !== 'flag' && kind !== 'number') continue
    found[field] = kinds[kind] ? kinds[kind](key, value) : enumerator(kind, key, value)
    if (kind === 'bytes') found[`${field}_size`] = found[field].length
  }
  return found
}

/** A structure of options, ready for a call. */
function make(struct, given, others) {
  return native.fill(struct, members(struct, given, others))
}

module.exports = { bytes, enumerator, make, members }
