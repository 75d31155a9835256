'use strict'
// The package: opens registries, and one of its own for programs that need no other.

const native = require('./lib/native')
const { TetherError } = require('./lib/error')
const { Registry, defaultStore, doctor, openRegistry } = require('./lib/registry')
const { Task } = require('./lib/task')
const { ProxyTask } = require('./lib/proxy')

// The session "default" of the user's own store, opened by the first call that needs it.
let own = null

function registry() {
  own ??= openRegistry().catch((error) => {
    own = null
    throw error
  })
  return own
}

/** The library that was loaded: { file, version }. */
function library() {
  const { file, version } = native.open()
  return { file, version }
}

module.exports = {
  ProxyTask,
  Registry,
  Task,
  TetherError,
  defaultStore,
  doctor,
  library,
  open: openRegistry,
  registry,
  async run(command, options) {
    return (await registry()).run(command, options)
  },
  async spawn(command, options) {
    return (await registry()).spawn(command, options)
  },
}
