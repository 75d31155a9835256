// What tsc must refuse: each statement that expects an error has one mistake.
import { open, Task, TetherError } from 'tether'

export async function mistakes(): Promise<void> {
  // @ts-expect-error misspelt
  const registry = await open({ sesion: 's' })
  // @ts-expect-error no such mode
  await open({ reaper: 'always' })
  // @ts-expect-error set by the binding
  await open({ dispatch: true })
  // @ts-expect-error a text, not a number
  await registry.spawn('true', { workdir: 1 })
  // @ts-expect-error no command
  await registry.spawn()
  // @ts-expect-error not of a registry
  new Task()
  const task = await registry.spawn('true')
  // @ts-expect-error an id cannot be changed
  task.id = 'x'
  // @ts-expect-error no such stream
  await task.read('stdin', 0)
  // @ts-expect-error the exit code may not be known
  const code: number = (await task.ended).exitCode
  // @ts-expect-error no such status
  if ((await task.status()).status === 'dead') return
  // @ts-expect-error no such code
  if (new TetherError({ code: 'ENOENT', number: code, osError: 0, step: '', message: '' })) return
  // @ts-expect-error no such event
  registry.on('ended', () => {})
}
