'use strict'
// Hosts that tests start in processes of their own: node hosts.js NAME [STORE] [WORD]

const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const { once } = require('node:events')
const tether = require('..')

const [, , name, store, word] = process.argv
const open = () => tether.open({ store, session: 'tests' })

// An IPC channel with a listener keeps a process alive; these hosts only send.
const send = (message) => new Promise((resolve) => process.send(message, resolve))

const hosts = {
  // Starts a task and waits for ever, until it is killed.
  async starts() {
    const registry = await open()
    const task = await registry.spawn(word)
    await send(task.id)
    setInterval(() => {}, 1000)
  },

  // Takes completions until it is killed or no task runs; dies in the middle with the word "dies".
  async takes() {
    const registry = await open()
    for await (const { taskId } of registry.completions({ follow: false })) {
      await send(taskId)
      if (word === 'dies') process.kill(process.pid, 'SIGKILL')
    }
    await registry.close()
    process.disconnect()
  },

  // Leaves a registry open, with a running task, and comes to its end.
  async ends() {
    const registry = await open()
    await send((await registry.spawn('sleep 100')).id)
    process.disconnect()
  },

  // The same, while a kill waits on another thread: the exit waits for it.
  async exits() {
    const registry = await open()
    const task = await registry.spawn(`trap '' TERM; echo ready; while :; do sleep 0.1; done`)
    for await (const line of task.lines()) if (line === 'ready') break
    task.kill({ graceMs: 1000 }).catch(() => {})
    while ((await task.status()).status !== 'killing') await new Promise((resolve) => setTimeout(resolve, 10))
    await send(task.id)
    process.exit(7)
  },

  // Only a wait keeps it alive.
  async waits() {
    const registry = await open()
    process.disconnect()
    const { exitCode } = await (await registry.spawn('sleep 0.3; exit 5')).ended
    process.exitCode = exitCode
  },

  // Two listeners, of which one throws; nothing is lost.
  async throws() {
    const registry = await open()
    process.on('uncaughtException', (error) => send(`caught ${error.message}`))
    registry.on('completion', () => {
      throw new Error('thrown in a listener')
    })
    registry.on('completion', ({ taskId }) => send(`heard ${taskId}`))
    const task = await registry.spawn('true')
    await send((await task.ended).status)
    setTimeout(() => process.disconnect(), 200)
  },

  // A worker has a registry of its own. With "terminate", it is stopped in the middle of a wait.
  async workers() {
    const worker = new Worker(__filename, { workerData: { store, word } })
    const exited = once(worker, 'exit')
    const [id] = await once(worker, 'message')
    if (word === 'terminate') await worker.terminate()
    else await exited
    const registry = await open()
    await send([id, (await registry.task(id).status()).status])
    if (word === 'terminate') await registry.task(id).kill()
    await send((await registry.run('echo after')).output.toString())
    process.disconnect()
  },

  // The task's object is collected while the task runs; the promise of its end is kept.
  async collects() {
    const registry = await open()
    let task = await registry.spawn('sleep 0.3; exit 4')
    const gone = new WeakRef(task)
    const { ended } = task
    task = null
    while (gone.deref() !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      global.gc()
    }
    await send((await ended).exitCode)
    process.disconnect()
  },

  async library() {
    try {
      await send(tether.library().version)
    } catch (error) {
      await send({ code: error.code, step: error.step, message: error.message })
    }
    process.disconnect()
  },
}

async function inWorker() {
  const registry = await tether.open({ store: workerData.store, session: 'tests' })
  const long = workerData.word === 'terminate'
  const task = await registry.spawn(long ? 'sleep 100' : 'exit 6')
  const { ended } = task
  if (!long) await ended
  parentPort.postMessage(task.id)
  await ended
}

if (isMainThread) hosts[name]()
else inWorker()
