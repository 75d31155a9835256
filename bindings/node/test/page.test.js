'use strict'
const assert = require('node:assert')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { storeOf } = require('./support')

const page = process.env.TETHER_PAGE

test('the first program of the page works as it is written', { skip: page ? false : 'TETHER_PAGE names no page' }, (t) => {
  const home = path.dirname(storeOf(t))
  const [, program] = /`hello\.js`:\n\n```js\n([^]*?)```/.exec(fs.readFileSync(page, 'utf8'))
  // Below the packages, as in the directory of a user.
  const dir = fs.mkdtempSync(path.join(__dirname, '../../hello-'))
  t.after(() => fs.rmSync(dir, { recursive: true }))
  fs.writeFileSync(path.join(dir, 'hello.js'), program)
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(dir, 'hello.js')],
    { encoding: 'utf8', env: { ...process.env, HOME: home, XDG_STATE_HOME: home } })
  assert.deepStrictEqual([status, stdout, stderr], [0, '3 hello\n\n1\n2\n3\ncompleted\n', ''])
})
