#!/usr/bin/env node
'use strict'
// Writes the types that follow from the description of the C API: node generate.js [--print]
// The tests compare lib/generated.d.ts with what this prints.

const fs = require('node:fs')
const path = require('node:path')
const { api, camel, counterOf, enums, isBytes, isSizeOf, options } = require('./lib/describe')

/** tether_open_options is OpenOptions. */
function typeName(name) {
  return name.replace(/^tether/, '').replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
}

function union(name) {
  const texts = [...enums[name].values.keys()].map((text) => `'${text}'`)
  const oneLine = `export type ${typeName(name)} = ${texts.join(' | ')}`
  return oneLine.length <= 120 ? oneLine : `export type ${typeName(name)} =\n  | ${texts.join('\n  | ')}`
}

const given = {
  flag: 'boolean',
  number: 'number | bigint',
  text: 'string',
  bytes: 'string | Uint8Array',
  list: 'readonly (string | Uint8Array)[]',
  environment: 'Environment',
  signal: 'Signal | number',
  callback: 'Compress',
}

function optionsInterface(name) {
  const members = options(name).map(([key, , kind]) => `  ${key}?: ${given[kind] ?? typeName(kind)}`)
  return `export interface ${typeName(name)} {\n${members.join('\n')}\n}`
}

// Numbers that are null where they are not known.
const nullable = { tether_snapshot: ['exit_code', 'on_end_exit_code'] }

function valueType(struct, [field, type]) {
  if (type in api.enums) return typeName(type)
  if (type === 'const char *' || type === 'char *') return isBytes(struct, field) ? 'Buffer' : 'string | null'
  if (counterOf(struct, field) !== undefined) return `${type.startsWith('char') ? 'string' : 'number'}[] | null`
  if (type.startsWith('char[')) return 'string'
  if (type === 'bool') return 'boolean'
  if (type === 'const tether_error *') return 'TetherError | null'
  const inner = /^(?:const )?(tether_\w+) \*$/.exec(type)
  if (inner) return `${typeName(inner[1])} | null`
  return nullable[struct]?.includes(field) ? 'number | null' : 'number'
}

function valueInterface(name, extra = []) {
  const members = api.structs[name].filter(([field]) => !isSizeOf(name, field))
    .map((field) => `  ${camel(field[0])}: ${valueType(name, field)}`)
  return `export interface ${typeName(name)} {\n${[...members, ...extra].join('\n')}\n}`
}

function generate() {
  const names = Object.keys(api.structs).filter((name) => api.structs[name].length > 0)
  const parts = ["// Written by generate.js from api.json: do not change.", "import type { Compress, Environment, Signal, TetherError } from '../index'"]
  parts.push(...Object.keys(api.enums).map(union))
  parts.push(...names.filter((name) => /_(options|spec)$/.test(name)).map(optionsInterface))
  parts.push(valueInterface('tether_snapshot', [
    '  /** Whether the status is final. */', '  ended: boolean',
    '  /** What a shell would report; null: it has not ended. */', '  exitStatus: number | null']))
  parts.push(...['tether_match', 'tether_event', 'tether_piece', 'tether_finding'].map((name) => valueInterface(name)))
  return `${parts.join('\n\n')}\n`
}

module.exports = { generate }

if (require.main === module) {
  if (process.argv[2] === '--print') process.stdout.write(generate())
  else fs.writeFileSync(path.join(__dirname, 'lib', 'generated.d.ts'), generate())
}
