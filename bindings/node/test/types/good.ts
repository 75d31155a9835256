// What a program in TypeScript writes: tsc --strict accepts all of it.
import { open, run, Snapshot, Status, TetherError } from 'tether'

export async function program(): Promise<number> {
  const registry = await open({ session: 's', maxRunning: 8, reminderMs: -1, reaper: 'events', compress: (text) => text.slice(-10) })
  registry.on('match', (event) => console.log(event.match.text.toString(), event.taskId))
  const task = await registry.spawn(['make', Buffer.from('all')], { env: process.env, envSet: { A: '1' }, outputPolicy: 'kill' })
  const byOptions = await registry.spawn({ command: 'make', workdir: '/', outputLimit: 10n })
  const wait = new AbortController()
  const snapshot: Snapshot = await task.wait({ timeoutMs: 10, signal: wait.signal, killOnAbort: true })
  const status: Status = snapshot.status
  if (status === 'timed_out') await byOptions.kill({ signal: 'SIGINT', graceMs: 10 })
  await byOptions.kill('SIGTERM')
  for await (const { stream, data, offset } of task.output({ view: 'stdout', offsets: [0, 0] }))
    if (stream === 'stderr') console.log(data.toString(), offset + 1)
  for await (const line of task.lines()) console.log(line.trim())
  for await (const completion of registry.completions({ follow: false })) console.log(completion.exitCode ?? 'unknown')
  for await (const end of registry.ends([task.id])) console.log(end.exitStatus)
  try {
    const { ended, output, exitStatus } = await run('true', { waitMs: 100 })
    return ended && output.length === 0 ? exitStatus ?? -1 : 1
  } catch (error) {
    if (error instanceof TetherError && error.code === 'TETHER_ENOSHELL') return error.osError
    throw error
  } finally {
    await registry.close({ shutdown: true })
  }
}
