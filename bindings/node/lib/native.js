'use strict'
// Owns the library: finds and loads it, makes its structures and functions of the description, calls them, and turns
// their failures into errors. Must not: know what the calls are for.
//
// No call on the thread of JavaScript may wait: that thread is the one of the registry's turns. Calls that may take
// long, or wait for a lock, run on libuv's threads in two lanes, so that they never take all of its threads.

const fs = require('node:fs')
const path = require('node:path')
const koffi = require('koffi')
const { api, isBytes, isSizeOf, counterOf, enums } = require('./describe')
const { TetherError } = require('./error')

const RTLD_NOW = 2

const version = [api.constants.TETHER_VERSION_MAJOR, api.constants.TETHER_VERSION_MINOR,
  api.constants.TETHER_VERSION_PATCH].join('.')

// --- Finding the library ---

function fileNames() {
  if (process.platform === 'win32') return ['tether.dll', 'libtether.dll']
  if (process.platform === 'darwin') return ['libtether.dylib']
  return ['libtether.so', 'libtether.so.0']
}

function candidates() {
  const given = process.env.TETHER_LIBRARY
  if (given) return [given]
  const home = process.env.HOME
  const places = ['/usr/local/lib']
  if (home) places.unshift(path.join(home, '.local', 'lib'))
  const found = []
  for (const place of places) {
    for (const name of fileNames()) {
      if (fs.existsSync(path.join(place, name))) found.push(path.join(place, name))
    }
  }
  return [...found, ...fileNames()]
}

/** A failure that this binding finds itself. */
function failure(code, step, message) {
  return new TetherError({ code, number: enums.tether_code.values.get(code), osError: 0, step, message })
}

const fail = (step, message) => failure('TETHER_ENOTSUP', step, message)

// Keeps the library in the process when the thread that has loaded it ends. To unload it would unload libuv too, whose
// last words are a call of uv_library_shutdown: the dynamic linker has bound that to the libuv of Node, which stops.
function pin(file) {
  const [name, flags] = process.platform === 'win32' ? ['LoadLibraryExA', [null, 0]] : ['dlopen', [RTLD_NOW]]
  const system = koffi.load(process.platform === 'win32' ? 'kernel32.dll' : null)
  system.func(name, 'void *', ['str', ...flags.map((flag) => (flag === null ? 'void *' : 'int'))])(file, ...flags)
}

function load() {
  const problems = []
  for (const file of candidates()) {
    try {
      const library = koffi.load(file)
      pin(file)
      return { library, file }
    } catch (error) {
      problems.push(`${file}: ${error.message}`)
    }
  }
  throw fail('load library',
    `the library of tether cannot be loaded; install it, or name it in TETHER_LIBRARY (${problems.join('; ')})`)
}

// --- Types ---

// A structure that the caller fills in; another one is read from memory of the library.
function isGiven(name) {
  return /_(options|spec)$/.test(name)
}

function memberType(struct, [name, type]) {
  const text = /^char\[(\d+)\]$/.exec(type)
  if (text) return koffi.array('char', Number(text[1]), 'String')
  if (type in api.enums) return 'int'
  if (type === 'const char *const *') return isGiven(struct) ? 'const char **' : 'void *'
  if (type === 'const char *' || type === 'char *') return isBytes(struct, name) ? 'void *' : 'const char *'
  if (type.endsWith('*') || type in api.callbacks) return 'void *'
  return type
}

function parameterType(type) {
  if (type in api.enums) return 'int'
  const given = /^const (tether_\w+) \*$/.exec(type)
  if (given && isGiven(given[1])) return koffi.pointer(structs[given[1]].whole)
  if (/^(char|tether_\w+) \*\*$/.test(type)) return koffi.out(koffi.pointer('void *'))
  if (type === 'tether_stream *') return koffi.out(koffi.pointer('int'))
  const out = /^(int|bool|size_t|int64_t|uint64_t|intptr_t) \*$/.exec(type)
  if (out) return koffi.out(koffi.pointer(out[1]))
  if (type === 'const char *') return type
  if (type === 'const char *const *') return 'const char **'
  if (type === 'const uint64_t *') return koffi.pointer('uint64_t')
  if (type.endsWith('*')) return 'void *'
  return type
}

const structs = {}
const functions = {}
let loaded = null

// All have names: koffi finds pointers by the name of what they point to, and gives one name to two that have none.
function makeStructs() {
  for (const [name, fields] of Object.entries(api.structs)) {
    if (fields.length === 0) continue
    const members = fields.map((field) => [field[0], memberType(name, field)])
    structs[name] = { members, whole: koffi.struct(name, Object.fromEntries(members)), prefixes: new Map() }
  }
  const event = koffi.proto('tether_event_cb', 'void', ['void *', 'void *', 'void *'])
  const compress = koffi.proto('tether_compress_cb', 'size_t', ['void *', 'void *', 'size_t', 'void *', 'size_t', 'void *'])
  Object.assign(callbacks, { tether_event_cb: koffi.pointer(event), tether_compress_cb: koffi.pointer(compress) })
}

const callbacks = {}

function makeFunctions(library, file) {
  const missing = []
  for (const [name, { returns, parameters }] of Object.entries(api.functions)) {
    const result = returns === 'char *' ? 'void *' : returns
    try {
      functions[name] = library.func(name, result, parameters.map(([, type]) => parameterType(type)))
    } catch {
      missing.push(name)
    }
  }
  const found = functions.tether_version?.()
  if (found === undefined) throw fail('load library', `${file} is not the library of tether: it has no tether_version`)
  if (missing.length > 0)
    throw fail('load library', `${file} is version ${found} of tether and lacks ${missing.join(', ')}; ` +
      `this package needs version ${version} or later`)
}

/** Loads the library once. Later calls return at once, or throw the same error. */
function open() {
  if (loaded !== null) {
    if (loaded instanceof Error) throw loaded
    return loaded
  }
  try {
    const { library, file } = load()
    if (Object.keys(structs).length === 0) makeStructs()
    makeFunctions(library, file)
    loaded = { library, file, version: functions.tether_version() }
    return loaded
  } catch (error) {
    loaded = error
    throw error
  }
}

// --- Values of the library ---

/** The type of the fields that a structure of this size has: a library may be newer or older. */
function prefixOf(name, size) {
  const struct = structs[name]
  if (size >= koffi.sizeof(struct.whole)) return struct.whole
  let type = struct.prefixes.get(size)
  if (type === undefined) {
    const members = struct.members.filter(([field, kind]) =>
      koffi.offsetof(struct.whole, field) + koffi.sizeof(kind) <= size)
    type = koffi.struct(`${name}_${size}`, Object.fromEntries(members))
    struct.prefixes.set(size, type)
  }
  return type
}

/** Reads a structure as the library has it: its members by their C names. All begin with their size. */
function read(name, pointer) {
  const size = Number(koffi.decode(pointer, 'size_t'))
  return koffi.decode(pointer, prefixOf(name, size))
}

/** Copies bytes of the library. */
function bytes(pointer, size) {
  if (pointer === null || size === 0) return Buffer.alloc(0)
  return Buffer.from(koffi.decode(pointer, 'uint8_t', Number(size)))
}

function items(pointer, type, count) {
  if (pointer === null) return null
  return Array.from(koffi.decode(pointer, type, Number(count)))
}

// --- Calls ---

const errorSize = () => koffi.sizeof(structs.tether_error.whole)

function newError() {
  const error = Buffer.alloc(errorSize())
  error.writeUInt32LE(error.length, 0)
  return error
}

function errorOf(buffer) {
  const { code, os_error: osError, step, message } = koffi.decode(buffer, structs.tether_error.whole)
  return new TetherError({ code: codeName(code), number: code, osError, step, message })
}

function codeName(code) {
  return functions.tether_error_name(code)
}

/** Makes a structure of options: sets its size. Its members have their C names; those left out are 0. */
function fill(name, members) {
  const whole = { size: koffi.sizeof(structs[name].whole) }
  for (const [member, type] of structs[name].members) {
    if (member === 'size') continue
    const value = members[member] ?? (type === 'bool' ? false : pointerLike(type) ? null : 0)
    whole[member] = type === 'int' ? Number(value) : value // koffi aborts at a boolean there
  }
  return whole
}

function pointerLike(type) {
  return typeof type !== 'string' || type.endsWith('*')
}

const isInteger = (value) => typeof value === 'bigint' || Number.isSafeInteger(value)
const isText = (value) => value === null || (typeof value === 'string' && !value.includes('\0'))
const isMemory = (value) => value === null || typeof value === 'bigint' || typeof value === 'object'

function checkOf(type) {
  if (type === 'const char *') return [isText, 'a string without NUL']
  if (type.endsWith('*') || type in api.callbacks) return [isMemory, 'a Buffer']
  if (type === 'size_t' || type === 'uint64_t') return [(value) => isInteger(value) && value >= 0, 'an integer, not negative']
  return [isInteger, 'an integer']
}

const checks = new Map(Object.entries(api.functions).map(([name, { parameters }]) =>
  [name, parameters.map(([parameter, type]) => [parameter, ...checkOf(type)])]))

// koffi takes a number for a pointer, and would have the library read there.
function check(name, args) {
  checks.get(name).forEach(([parameter, accepts, wanted], index) => {
    if (index < args.length && !accepts(args[index]))
      throw new TypeError(`tether: ${parameter} of ${name.slice('tether_'.length)} must be ${wanted}`)
  })
}

/** Calls a function that returns a code and takes an error last. Throws its error. For calls that do not wait. */
function call(name, ...args) {
  check(name, args)
  const error = newError()
  const code = functions[name](...args, error)
  if (code !== 0) throw errorOf(error)
}

/** A queue of calls on libuv's threads: at most `width` at a time. */
class Lane {
  constructor(width) {
    this.width = width
    this.running = 0
    this.queue = []
  }

  add(start) {
    this.queue.push(start)
    this.pump()
  }

  pump() {
    while (this.running < this.width && this.queue.length > 0) {
      this.running++
      this.queue.shift()(() => {
        this.running--
        this.pump()
      })
    }
  }
}

// libuv has four threads unless UV_THREADPOOL_SIZE says otherwise. One stays free for files and names of hosts.
const threads = Math.max(1, Number(process.env.UV_THREADPOOL_SIZE) || 4)
const lanes = { brief: new Lane(1), long: new Lane(Math.max(1, threads - 2)) }

/** As call, on another thread. `lane` is "brief" for calls that wait for no more than a lock, else "long". */
function callAsync(lane, name, ...args) {
  return new Promise((resolve, reject) => {
    check(name, args)
    lanes[lane].add((done) => {
      const error = newError()
      const finish = (problem, code) => {
        done()
        if (problem) reject(problem)
        else if (code !== 0) reject(errorOf(error))
        else resolve()
      }
      try {
        functions[name].async(...args, error, finish)
      } catch (problem) {
        finish(problem)
      }
    })
  })
}

/** An open registry of the library, and the calls on it that are under way: it may be closed only when there are none. */
class Handle {
  constructor(pointer) {
    this.pointer = pointer
    this.running = 0
    this.closing = false
    this.whenIdle = null
  }

  check(name) {
    if (this.closing)
      throw failure('TETHER_ECLOSED', name.replace(/^tether_/, '').replace(/_/g, ' '), 'the registry is closed')
  }

  /** As call, with the registry as the first argument. */
  call(name, ...args) {
    this.check(name)
    call(name, this.pointer, ...args)
  }

  /** As callAsync, with the registry as the first argument. */
  callAsync(lane, name, ...args) {
    return this.track(name, () => callAsync(lane, name, this.pointer, ...args))
  }

  /** Runs a call on something that belongs to the registry. */
  async track(name, start) {
    this.check(name)
    this.running++
    try {
      return await start()
    } finally {
      this.running--
      if (this.running === 0) this.whenIdle?.()
    }
  }

  /** Lets no further call begin, makes those that wait return, and waits until none is under way. */
  async stop() {
    this.closing = true
    functions.tether_interrupt(this.pointer)
    if (this.running > 0) await new Promise((resolve) => (this.whenIdle = resolve))
  }
}

module.exports = { Handle, bytes, call, callAsync, callbacks, codeName, counterOf, enums, errorOf, failure, fill, functions, isBytes, isSizeOf,
  items, koffi, lanes, newError, open, read, structs, version }
