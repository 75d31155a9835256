// Whether what a tool has answered is as the server's own outputSchema says: nothing is missing, and nothing is there that it does not tell.

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { check } from './schemas.js'

let schemas

// Of a server whose store is gone at once.
function readSchemas() {
  const store = fs.mkdtempSync(path.join(os.tmpdir(), 'tether-mcp-schemas-'))
  const input = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })}\n`
  try {
    const { result } = JSON.parse(execFileSync(process.env.TETHER, ['--store', store, 'mcp'], { input, encoding: 'utf8' }))
    return new Map(result.tools.map((tool) => [tool.name, close(tool.outputSchema)]))
  } finally {
    fs.rmSync(store, { recursive: true, force: true })
  }
}

// The same schema without room for other members, except in tasks, of which it tells the most important ones only.
function close(schema) {
  if (Array.isArray(schema)) return schema.map(close)
  if (schema === null || typeof schema !== 'object') return schema
  const closed = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, close(value)]))
  if (schema.properties && !schema.properties.session_id) closed.additionalProperties = false
  return closed
}

/** Fails if the structured content of a tool's result is not as declared. */
export function checkAnswer(tool, result) {
  schemas ??= readSchemas()
  if (schemas.has(tool) && result.structuredContent !== undefined) check(schemas.get(tool), result.structuredContent, `the answer of ${tool}`)
}
