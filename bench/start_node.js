#!/usr/bin/env node
'use strict'
// Compares what it costs to start a program in a host with a large heap: tether of bindings/node beside child_process.spawn.
//   node bench/start_node.js [ROUNDS] [HEAP-MIB] [DIRECTORY]
// Needs TETHER_LIBRARY, and koffi where bindings/node finds it. In each round every contender has one turn, in an order that
// changes. "start": until the program runs, for child_process its event "spawn"; "blocked": for how much of that JavaScript
// could do nothing else; "told": until the end is known.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const tether = require('../bindings/node')

const rounds = Number(process.argv[2] ?? 200)
const heapMib = Number(process.argv[3] ?? 1024)
const place = process.argv[4] ?? (fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir())

const now = () => Number(process.hrtime.bigint()) / 1e6

// Returns { start, blocked, told } in milliseconds.
async function measure(begin, started, ended) {
  const from = now()
  const begun = begin()
  const blocked = now() - from
  const task = await started(begun)
  const start = now() - from
  await ended(task)
  return { start, blocked, told: now() - from }
}

function childProcess(options) {
  return () => measure(() => {
    const child = spawn('/bin/true', [], options)
    return { child, running: once(child, 'spawn'), end: once(child, 'exit') }
  }, async (begun) => {
    await begun.running
    return begun
  }, (begun) => begun.end)
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function print(found) {
  const names = Object.keys(found)
  console.log(`${rounds} rounds in a host with ${heapMib} MiB, node ${process.version}; ms: median (ratio to the first)`)
  for (const kind of ['start', 'blocked', 'told']) {
    const base = median(found[names[0]].map((one) => one[kind]))
    for (const name of names) {
      const value = median(found[name].map((one) => one[kind]))
      console.log(`${kind.padEnd(8)} ${name.padEnd(30)} ${value.toFixed(3).padStart(8)} (${(value / base).toFixed(2)})`)
    }
  }
}

async function main() {
  // Touched, so that a fork has page tables to copy.
  const heap = Array.from({ length: heapMib / 16 }, () => Buffer.alloc(16 * 1024 * 1024, 1))
  const dir = fs.mkdtempSync(path.join(place, 'tether-bench-'))
  const registry = await tether.open({ store: path.join(dir, 'store'), noGc: true })
  // Files as the outputs, as a task has them: the fairest neighbour.
  const files = ['ignore', fs.openSync(path.join(dir, 'stdout'), 'a'), fs.openSync(path.join(dir, 'stderr'), 'a')]
  const contenders = {
    'child_process.spawn': childProcess({}),
    'child_process.spawn to files': childProcess({ stdio: files, detached: true }),
    'tether spawn': () => measure(() => registry.spawn(['/bin/true']), (promise) => promise, (task) => task.ended),
  }
  const names = Object.keys(contenders)
  const found = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = -5; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(((round + turn) % names.length) + names.length) % names.length]
      const one = await contenders[name]()
      if (round >= 0) found[name].push(one)
    }
  }
  await registry.close({ shutdown: true })
  fs.rmSync(dir, { recursive: true })
  if (heap.length === 0 && heapMib >= 16) throw new Error('no heap')
  print(found)
}

main()
