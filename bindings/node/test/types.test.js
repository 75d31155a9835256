'use strict'
const assert = require('node:assert')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { generate } = require('../generate')

const tsc = process.env.TETHER_TSC
const skip = tsc ? false : 'TETHER_TSC names no compiler'

function compile(dir) {
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', dir], { encoding: 'utf8' })
  return { status, stdout }
}

test('the generated types are those of the description', () => {
  const kept = fs.readFileSync(path.join(__dirname, '../lib/generated.d.ts'), 'utf8')
  assert.strictEqual(kept, generate(), 'run: node bindings/node/generate.js')
})

test('tsc --strict accepts a program and refuses mistakes', { skip }, () => {
  assert.deepStrictEqual(compile(path.join(__dirname, 'types')), { status: 0, stdout: '' })
})

test('each mistake is an error of its own', { skip }, (t) => {
  const dir = fs.mkdtempSync(path.join(__dirname, 'types-'))
  t.after(() => fs.rmSync(dir, { recursive: true }))
  const text = fs.readFileSync(path.join(__dirname, 'types/bad.ts'), 'utf8')
  const config = JSON.parse(fs.readFileSync(path.join(__dirname, 'types/tsconfig.json'), 'utf8'))
  fs.writeFileSync(path.join(dir, 'tsconfig.json'), JSON.stringify({ ...config, files: ['bad.ts'] }))
  fs.writeFileSync(path.join(dir, 'bad.ts'), text.replace(/@ts-expect-error/g, 'mistake'))
  const { status, stdout } = compile(dir)
  assert.notStrictEqual(status, 0)
  assert.strictEqual(stdout.match(/error TS/g).length, text.match(/@ts-expect-error/g).length, stdout)
})
