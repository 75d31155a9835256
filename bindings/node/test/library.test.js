'use strict'
const assert = require('node:assert')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { startHost, tether } = require('./support')
const describe = require('../lib/describe')
const native = require('../lib/native')
const unused = require('../lib/unused')

async function loadWith(t, library) {
  const before = process.env.TETHER_LIBRARY
  process.env.TETHER_LIBRARY = library
  const host = startHost(t, 'library')
  process.env.TETHER_LIBRARY = before
  const answer = await host.next()
  assert.strictEqual((await host.ended).code, 0)
  return answer
}

test('the library that is named is loaded', async (t) => {
  assert.strictEqual(tether.library().file, process.env.TETHER_LIBRARY)
  assert.strictEqual(await loadWith(t, process.env.TETHER_LIBRARY), tether.library().version)
})

test('a missing library is told with what to do', async (t) => {
  const { code, step, message } = await loadWith(t, '/nonexistent/libtether.so')
  assert.deepStrictEqual([code, step], ['TETHER_ENOTSUP', 'load library'])
  assert.match(message, /TETHER_LIBRARY.*\/nonexistent\/libtether\.so/)
})

test('another library, and an older one, are told by name', async (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tether-node-'))
  t.after(() => fs.rmSync(dir, { recursive: true }))
  const build = (name, source) => {
    fs.writeFileSync(path.join(dir, 'source.c'), source)
    execFileSync('cc', ['-shared', '-fPIC', '-o', path.join(dir, name), path.join(dir, 'source.c')])
    return path.join(dir, name)
  }
  assert.match((await loadWith(t, build('other.so', 'int other(void) { return 1; }'))).message, /is not the library of tether/)
  const old = build('old.so', 'const char *tether_version(void) { return "0.0.1"; }\nint tether_open(void) { return 0; }')
  assert.match((await loadWith(t, old)).message, /is version 0\.0\.1 of tether and lacks tether_error_name, .*needs version/)
})

test('only the fields that the structure of the library has are read', () => {
  native.open()
  const { whole } = native.structs.tether_finding
  const memory = native.koffi.alloc(whole, 1)
  const size = native.koffi.offsetof(whole, 'text')
  native.koffi.encode(memory, whole, { size, verdict: 1, name: null, text: null })
  assert.deepStrictEqual(native.read('tether_finding', memory), { size, verdict: 1, name: null })
  native.koffi.encode(memory, whole, { size: native.koffi.sizeof(whole) + 64, verdict: 2, name: null, text: null })
  assert.strictEqual(native.read('tether_finding', memory).text, null)
  native.koffi.free(memory)
})

test('each function of the API is called or has a reason not to be', () => {
  const text = fs.readdirSync(path.join(__dirname, '../lib')).filter((name) => name.endsWith('.js') && name !== 'unused.js')
    .map((name) => fs.readFileSync(path.join(__dirname, '../lib', name), 'utf8').replace(/\/\/.*|\/\*\*?[^]*?\*\//g, '')).join('\n')
  for (const name of Object.keys(describe.api.functions)) {
    const called = new RegExp(`['.]${name}\\b`).test(text)
    assert.notStrictEqual(called, name in unused, `${name} must be called or be in lib/unused.js, and not both`)
  }
  for (const name of Object.keys(unused)) assert.ok(name in describe.api.functions, `${name} is no function`)
})

test('each field of options can be set, or has a reason why not', () => {
  for (const [struct, fields] of Object.entries(describe.api.structs)) {
    if (!/_(options|spec)$/.test(struct)) continue
    const known = describe.options(struct).map(([, field]) => field)
    for (const [field] of fields)
      assert.ok(known.includes(field) || describe.isSizeOf(struct, field) || describe.hidden[struct]?.[field], `${struct}.${field}`)
  }
})
