'use strict'
const assert = require('node:assert')
const fs = require('node:fs/promises')
const { test } = require('node:test')
const { openFor, rejects, storeOf, tether } = require('./support')

test('a command text runs in the shell, and its exit code and outputs are told', async (t) => {
  const registry = await openFor(t)
  const outcome = await registry.run('echo out; echo err >&2; exit 3')
  assert.deepStrictEqual([outcome.ended, outcome.exitStatus, String(outcome.output), String(outcome.errors)],
    [true, 3, 'out\n', 'err\n'])
  assert.strictEqual(outcome.snapshot.status, 'failed')
  assert.strictEqual(outcome.snapshot.exitCode, 3)
})

test('a start with a key finds the task that has it', async (t) => {
  const registry = await openFor(t)
  const first = await registry.spawn('read go; exit 3', { key: 'build "1"', inputPipe: true })
  assert.strictEqual(first.found, false)
  const second = await registry.spawn('exit 4', { key: 'build "1"' })
  assert.deepStrictEqual([second.id, second.found], [first.id, true])
  assert.strictEqual((await second.status()).key, 'build "1"')
  await first.closeInput()
  assert.strictEqual((await first.ended).exitCode, 3)
  const outcome = await registry.run('exit 4', { key: 'build "1"' })
  assert.deepStrictEqual([outcome.task.found, outcome.exitStatus], [true, 3])
  const other = await registry.spawn('exit 4', { key: 'build "2"' })
  assert.strictEqual(other.found, false)
  assert.strictEqual((await other.ended).exitCode, 4)
  assert.strictEqual((await (await registry.spawn('exit 5')).ended).key, null)
  await rejects(registry.spawn('true', { key: '' }), 'TETHER_EINVAL')
  await assert.rejects(registry.spawn('true', { key: 'k', found: true }), TypeError)
})

test('arguments, variables and outputs may have any characters', async (t) => {
  const registry = await openFor(t)
  const odd = 'ß 漢字 🚀 "\' $HOME\n*'
  const { output } = await registry.run(['printf', '%s|', odd, Buffer.from([0xff, 0xfe]), ''])
  assert.deepStrictEqual(output, Buffer.concat([Buffer.from(`${odd}|`), Buffer.from([0xff, 0xfe]), Buffer.from('||')]))
  const env = await registry.run('printf %s "$ÜBER$B"', { env: { PATH: process.env.PATH, ÜBER: odd, C: undefined }, envSet: { B: '漢' } })
    .catch((error) => error)
  // Shells have no variables with such names, programs have.
  assert.strictEqual(String(env.output).endsWith('漢'), true)
  const variable = await registry.run(['env'], { env: { PATH: process.env.PATH, ÜBER: '漢' } })
  assert.match(String(variable.output), /^ÜBER=漢$/m)
  const named = await registry.spawn(Buffer.from('echo é'), { name: 'тест', workdir: '/' })
  assert.strictEqual((await named.ended).name, 'тест')
  const lines = []
  for await (const line of named.lines()) lines.push(line)
  assert.deepStrictEqual(lines, ['é'])
})

test('a task sees the variables that JavaScript has set last', async (t) => {
  const registry = await openFor(t)
  process.env.TETHER_NODE_TEST = 'new'
  t.after(() => delete process.env.TETHER_NODE_TEST)
  assert.strictEqual(String((await registry.run('echo $TETHER_NODE_TEST')).output), 'new\n')
})

test('a run becomes a background task when its time is over', async (t) => {
  const registry = await openFor(t)
  const outcome = await registry.run('echo begun; read go; echo done', { inputPipe: true, waitMs: 300 })
  assert.strictEqual(outcome.ended, false)
  assert.strictEqual(outcome.exitStatus, null)
  await outcome.task.write('go\n')
  assert.strictEqual((await outcome.task.ended).exitCode, 0)
  assert.strictEqual(String((await outcome.task.tail()).data), 'begun\ndone\n')
})

test('a run keeps the last bytes of an output', async (t) => {
  const registry = await openFor(t)
  const { output, outputOffset } = await registry.run('printf 0123456789', { limit: 4 })
  assert.deepStrictEqual([String(output), outputOffset], ['6789', 6])
})

test('output comes as it is written', async (t) => {
  const registry = await openFor(t)
  const task = await registry.spawn('echo one; read x; echo two >&2; read x; printf three', { inputPipe: true })
  const seen = []
  for await (const { stream, data, offset } of task.output()) {
    seen.push([stream, String(data), offset])
    if (seen.length < 3) await task.write('\n')
  }
  assert.deepStrictEqual(seen, [['stdout', 'one\n', 0], ['stderr', 'two\n', 0], ['stdout', 'three', 4]])
})

test('a flood of output is read whole, and other work goes on', async (t) => {
  const registry = await openFor(t)
  const count = 400000
  const task = await registry.spawn(`seq ${count}`)
  let turns = 0
  const ticker = setInterval(() => turns++, 1)
  let expected = 1
  for await (const line of task.lines()) {
    if (line !== String(expected)) assert.fail(`line ${expected} is ${line}`)
    expected++
  }
  clearInterval(ticker)
  assert.strictEqual(expected, count + 1)
  assert.ok(turns > 0)
})

test('standard input is written while the task reads, and closed', async (t) => {
  const registry = await openFor(t)
  const task = await registry.spawn('sleep 0.2; wc -c', { inputPipe: true })
  const data = Buffer.alloc(300000, 'x') // more than a pipe has room for
  assert.deepStrictEqual(await task.write(data), { written: data.length, taken: data.length })
  await task.closeInput()
  await task.ended
  assert.strictEqual(String((await task.tail()).data).trim(), String(data.length))
})

test('many waits need no thread, also for tasks without a completion', async (t) => {
  const registry = await openFor(t)
  const tasks = []
  for (let i = 0; i < 20; i++) tasks.push(await registry.spawn('read x', { inputPipe: true, noNotify: i % 2 === 0 }))
  const waits = tasks.flatMap((task) => Array.from({ length: 100 }, () => task.wait()))
  assert.ok((await fs.readFile(__filename)).length > 0) // needs one of libuv's threads
  await Promise.all(tasks.map((task) => task.closeInput()))
  for (const snapshot of await Promise.all(waits)) assert.strictEqual(snapshot.exitCode, 1)
})

test('the end of a task is told whoever has acknowledged it', async (t) => {
  const store = storeOf(t)
  const one = await openFor(t, { store })
  const two = await openFor(t, { store })
  const task = await one.spawn('read x', { inputPipe: true })
  const wait = two.wait(task.id)
  await task.closeInput()
  while (!(await one.drain()).some(({ taskId }) => taskId === task.id)) await one.wait(task.id)
  assert.strictEqual((await wait).taskId, task.id)
  assert.strictEqual((await two.wait(task.id)).taskId, task.id)
})

test('an aborted wait leaves the task alone, or kills it when asked', async (t) => {
  const registry = await openFor(t)
  const task = await registry.spawn('sleep 100')
  const abort = new AbortController()
  const wait = task.wait({ signal: abort.signal })
  abort.abort()
  await assert.rejects(wait, { name: 'AbortError' })
  await assert.rejects(task.wait({ signal: abort.signal }), { name: 'AbortError' })
  await rejects(task.wait({ timeoutMs: 1 }), 'TETHER_ETIMEDOUT')
  assert.strictEqual((await task.status()).ended, false)
  const killer = new AbortController()
  const killed = task.wait({ signal: killer.signal, killOnAbort: true })
  killer.abort()
  await assert.rejects(killed, { name: 'AbortError' })
  assert.strictEqual((await task.status()).status, 'killed')
})

test('an aborted reader and a closed registry end iterations', async (t) => {
  const registry = await openFor(t)
  const task = await registry.spawn('sleep 100')
  const abort = new AbortController()
  const read = task.lines({ signal: abort.signal }).next()
  setTimeout(() => abort.abort(), 50)
  await assert.rejects(read, { name: 'AbortError' })
  const open = [task.lines().next(), task.wait(), registry.completions().next(), registry.ends([task.id]).next()]
  const verdicts = Promise.allSettled(open)
  await task.status()
  await registry.close()
  for (const { reason } of await verdicts) assert.strictEqual(reason?.code, 'TETHER_ECLOSED')
  await rejects(task.status(), 'TETHER_ECLOSED')
  await rejects(registry.spawn('true'), 'TETHER_ECLOSED')
  await registry.close()
})

test('ends come one by one', async (t) => {
  const registry = await openFor(t)
  const tasks = []
  for (let i = 0; i < 3; i++) tasks.push(await registry.spawn('read x', { inputPipe: true }))
  const order = []
  const ends = registry.ends(tasks.map(({ id }) => id))
  for (const task of [tasks[2], tasks[0], tasks[1]]) {
    await task.closeInput()
    order.push((await ends.next()).value.taskId)
  }
  assert.deepStrictEqual(order, [tasks[2].id, tasks[0].id, tasks[1].id])
  assert.strictEqual((await ends.next()).done, true)
})

test('a completion is acknowledged when the body goes on, and released when it breaks or throws', async (t) => {
  const registry = await openFor(t)
  const task = await registry.spawn('true')
  await task.ended
  for await (const one of registry.completions()) {
    assert.strictEqual(one.taskId, task.id)
    break
  }
  await assert.rejects((async () => {
    for await (const one of registry.completions()) throw new Error(one.taskId)
  })(), { message: task.id })
  assert.strictEqual((await registry.peek()).length, 1)
  const seen = []
  for await (const one of registry.completions({ follow: false })) seen.push(one.taskId)
  assert.deepStrictEqual(seen, [task.id])
  assert.strictEqual((await registry.peek()).length, 0)
  assert.strictEqual(await task.acknowledge(), false)
})

test('events tell of starts, matches, ends of watches, and completions', async (t) => {
  const registry = await openFor(t)
  const events = []
  registry.ref()
  for (const name of ['started', 'match', 'watchEnd', 'completion']) registry.on(name, (event) => events.push(event))
  const task = await registry.spawn('read x; echo "the ünknown line"', { inputPipe: true })
  await task.watch('ünk[a-z]*', { wholeLines: true })
  const last = new Promise((resolve) => registry.on('completion', resolve))
  await task.closeInput()
  await last
  assert.deepStrictEqual(events.map(({ kind }) => kind).filter((kind) => kind !== 'started'), ['match', 'watch_end', 'completion'])
  const { match, taskId } = events.find(({ kind }) => kind === 'match')
  assert.deepStrictEqual([String(match.text), String(match.context), match.offset, match.stream, taskId],
    ['ünknown', 'the ünknown line', 4, 'stdout', task.id])
})

test('a task is killed, paused, resumed, extended and removed', async (t) => {
  const registry = await openFor(t)
  const task = await registry.spawn('sleep 100')
  await task.pause()
  assert.strictEqual((await task.status()).status, 'paused')
  await task.resume()
  await task.extend(100000)
  assert.ok((await task.status()).deadlineAt > 0)
  assert.ok((await task.measure()).processesNow > 0)
  await task.kill({ graceMs: -1 })
  const { status, signalName, exitStatus } = await task.ended
  assert.deepStrictEqual([status, signalName, exitStatus], ['killed', 'SIGKILL', 137])
  const usr = await registry.spawn('trap "exit 9" USR1; echo ready; while :; do sleep 0.05; done')
  for await (const line of usr.lines()) if (line === 'ready') break
  await usr.kill('SIGUSR1')
  assert.strictEqual((await usr.ended).exitCode, 9)
  await usr.remove()
  await rejects(usr.status(), 'TETHER_ENOTASK')
  await rejects(usr.wait(), 'TETHER_ENOTASK')
})

test('work of this process is a task, which another host may end', async (t) => {
  const store = storeOf(t)
  const one = await openFor(t, { store })
  const two = await openFor(t, { store })
  const proxy = await one.proxy('remote call', { name: 'call' })
  proxy.write('first\n')
  const kill = two.task(proxy.id).kill()
  await new Promise((resolve) => proxy.signal.addEventListener('abort', resolve))
  assert.strictEqual(proxy.cancelled, true)
  proxy.finish({ signal: 'SIGTERM' })
  await kill
  assert.strictEqual((await two.task(proxy.id).status()).status, 'killed')
  assert.throws(() => proxy.write('x'), /after finish/)
})

test('outputs are read in parts, pieces and rings; a store is cared for', async (t) => {
  const registry = await openFor(t)
  const task = await registry.spawn('read x; echo out; echo err >&2', { inputPipe: true })
  await task.keepRing(1024)
  await task.closeInput()
  await task.ended
  assert.strictEqual(String(await task.read('stdout', 1)), 'ut\n')
  assert.deepStrictEqual((await task.pieces()).map(({ stream, bytes }) => [stream, bytes]), [['stdout', 4], ['stderr', 4]])
  assert.ok(task.readRing() instanceof Buffer)
  assert.deepStrictEqual((await registry.list({ scope: 'all' })).map(({ taskId }) => taskId), [task.id])
  assert.strictEqual((await registry.find(task.id)).taskId, task.id)
  await task.acknowledge()
  assert.strictEqual((await registry.cleanupFinished()).removed, 1)
  assert.strictEqual((await registry.gc()).removed, 0)
  await registry.finishKills()
  assert.ok((await tether.doctor()).some(({ name, verdict }) => name === 'shell' && verdict === 'good'))
})

test('a compress callback shortens previews, on whichever thread', async (t) => {
  const registry = await openFor(t, { compress: (text, command) => `${command}: ${text.length}` })
  const task = await registry.spawn('printf "%040d" 0')
  assert.strictEqual((await task.ended).outputPreview, 'printf "%040d" 0: 40')
  assert.strictEqual((await task.status()).outputPreview, 'printf "%040d" 0: 40')
})

test('wrong arguments are told before anything happens', async (t) => {
  const registry = await openFor(t)
  for (const options of [{ workdir: 1 }, { workDir: '/' }, { timeoutMs: '1' }, { mergeOutput: 1 }, { supervisor: 'none' },
    { env: 'A=1' }, { env: { 'A=B': '1' } }, { envUnset: 'A' }, { memoryLimit: 1.5 }, { name: 'a\0b' }])
    await assert.rejects(registry.spawn('true', options), TypeError)
  await assert.rejects(registry.spawn(['a\0b']), TypeError)
  await assert.rejects(registry.spawn(5), TypeError)
  await assert.rejects(tether.open({ dispatch: true }), TypeError)
  const task = await registry.spawn('true')
  for (const call of [() => task.extend('x'), () => task.kill({ signal: 'SIGNONE' }), () => task.tail({ bytes: 'x' }),
    () => task.tail({ lines: {} }), () => task.read('stdin', 0), () => task.read('stdout', 'x'), () => task.write(5),
    () => task.keepRing(), () => task.unwatch('x'), () => registry.find(5), () => registry.find('x', 7), () => task.read('stdout', -1), () => task.read('stdout', 0, 1.5),
    () => task.write({ length: 5 }), () => registry.release(5),
    () => registry.cleanupFinished('x'), () => registry.finishKills(null), () => task.pieces(1)])
    await assert.rejects(async () => call(), (error) => error instanceof TypeError, String(call))
  assert.throws(() => registry.task(5), TypeError)
  for (const call of [registry.spawn([]), registry.proxy(), task.watch()]) await rejects(call, 'TETHER_EINVAL')
  await rejects(registry.spawn(['no-such-program-at-all']), 'TETHER_ENOPROGRAM')
  await rejects(registry.spawn('true', { timeoutMs: -7 }), 'TETHER_EINVAL')
})
