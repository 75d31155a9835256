// A client for the story: starts a short task and a build through a server of its own, collects the end of the first, tells, and stays.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { call, serverOf } from './support.js'

const [store, work, command] = process.argv.slice(2)
const transport = new StdioClientTransport(serverOf({ store, work }))
const client = new Client({ name: 'host', version: '1' })
await client.connect(transport)
const { task_id: ended } = await call(client, 'run', { command: 'true', wait_ms: 0 })
await call(client, 'wait', { task_ids: [ended] })
await call(client, 'completions')
const { task_id } = await call(client, 'run', { command, wait_ms: 0, name: 'build' })
console.log(JSON.stringify({ server: transport.pid, task_id, ended }))
