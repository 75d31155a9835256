/** Start commands that outlive the process that started them, and always learn how they ended. */
import { EventEmitter } from 'node:events'
import type {
  Code, CompletionOptions, Event, Finding, GcOptions, InputOptions, KillOptions, ListOptions, Match, OpenOptions, Piece,
  ProxySpec, Snapshot, Spec, Stream, View, WatchSpec,
} from './lib/generated'

export * from './lib/generated'

/** Variables of a task: an object, such as process.env, or "NAME=value" texts. */
export type Environment = Readonly<Record<string, string | undefined>> | readonly string[]
export type Signal = NodeJS.Signals | (string & {})
/** Returns a shorter text for a preview, or undefined to keep the usual one. */
export type Compress = (output: string, command: string) => string | undefined

/** A failure: a code for programs, and a message for people, which says what failed, why, and what to do. */
export class TetherError extends Error {
  constructor(details: { code: Code; number: number; osError: number; step: string; message: string })
  readonly code: Code
  /** The value of the code. */
  readonly number: number
  /** errno or GetLastError() of the system call that failed; 0: none. */
  readonly osError: number
  /** What was being done, such as "create store". */
  readonly step: string
}

/** A text for the user's shell, a program with its arguments, or all as options. */
export type Command = string | Uint8Array | readonly (string | Uint8Array)[] | SpawnOptions
export type SpawnOptions = Spec

export interface WaitOptions {
  /** -1, the default: wait for ever. Afterwards the wait fails with TETHER_ETIMEDOUT, and the task goes on. */
  timeoutMs?: number
  /** Ends the wait. The task goes on, unless killOnAbort. */
  signal?: AbortSignal
  killOnAbort?: boolean
}

export interface RunOptions extends SpawnOptions {
  /** How long the task is in the foreground; -1, the default: until its end. */
  waitMs?: number
  /** At most so many bytes of each stream; default 1 MiB. */
  limit?: number
  signal?: AbortSignal
  killOnAbort?: boolean
}

export interface Outcome {
  task: Task
  snapshot: Snapshot
  /** false: it goes on in the background. */
  ended: boolean
  exitStatus: number | null
  output: Buffer
  outputOffset: number
  errors: Buffer
  errorsOffset: number
}

export interface OutputOptions {
  view?: View
  /** Where to begin in standard output and standard error. */
  offsets?: readonly [number, number] | null
  signal?: AbortSignal
}

export interface Chunk {
  stream: Stream
  data: Buffer
  /** Of the first byte of data in the stream. */
  offset: number
  /** The task has truncated the stream: this chunk is from its new start. */
  truncated: boolean
}

export interface Written {
  /** How many bytes of the data were taken. */
  written: number
  /** How many bytes standard input has taken in total. */
  taken: number
}

/** A task. The object holds nothing: the task does not depend on it. */
export class Task {
  private constructor()
  readonly id: string
  /** Whether spawn has found it by its key, and started nothing. */
  readonly found: boolean
  /** The end. The wait begins when this is read first. */
  readonly ended: Promise<Snapshot>
  wait(options?: WaitOptions): Promise<Snapshot>
  status(): Promise<Snapshot>
  /** The state, completed by what the processes of the running task use now. */
  measure(): Promise<Snapshot>
  /** Ends the task with all its processes; with a signal only sends that. */
  kill(options?: KillOptions | Signal | number): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  /** Moves the deadline to so many milliseconds from now; -1: none. */
  extend(timeoutMs: number): Promise<void>
  /** Writes to standard input, of a task with inputPipe. Waits while the task does not read. */
  write(data: string | Uint8Array, options?: Omit<InputOptions, 'timeoutMs' | 'offset'> &
    { timeoutMs?: number; offset?: number; signal?: AbortSignal }): Promise<Written>
  closeInput(): Promise<void>
  /** The output as it is written, up to the end of the task. */
  output(options?: OutputOptions): AsyncGenerator<Chunk, void, void>
  lines(options?: OutputOptions): AsyncGenerator<string, void, void>
  tail(options?: { view?: View; bytes?: number; lines?: number }): Promise<{ data: Buffer; truncated: boolean }>
  read(stream: Stream, offset: number, size?: number): Promise<Buffer>
  outputSize(stream?: Stream): Promise<{ size: number; gap: { offset: number; size: number } }>
  pieces(view?: View): Promise<Piece[]>
  keepRing(bytes: number): Promise<void>
  readRing(size?: number): Buffer
  /** Adds a watch, whose matches are the registry's events "match". Returns its number. */
  watch(pattern: string | Uint8Array, options?: Omit<WatchSpec, 'pattern'>): Promise<number>
  unwatch(watch: number): Promise<void>
  promote(): Promise<void>
  /** Acknowledges the completion. Returns whether this call did it, of all callers in all processes. */
  acknowledge(): Promise<boolean>
  remove(): Promise<void>
}

/** Work of this process that is a task. */
export class ProxyTask {
  private constructor()
  readonly id: string
  /** Aborted when the work should stop. */
  readonly signal: AbortSignal
  readonly cancelled: boolean
  write(data: string | Uint8Array, stream?: Stream): void
  finish(end?: { exitCode?: number; signal?: Signal | number }): void
}

export interface Events {
  started: [Event]
  completion: [Event]
  reminder: [Event]
  match: [Event & { match: Match }]
  watchEnd: [Event]
  cancel: [Event]
  log: [Event]
  truncated: [Event]
}

export interface GcResult {
  removed: number
  kept: number
  leftovers: number
  quarantined: number
  expired: number
}

/** An open session of a store. It does not keep the process alive; what waits does. */
export class Registry extends EventEmitter {
  private constructor()
  readonly closed: boolean
  on<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this
  once<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): this
  /** Keeps the process alive, for a host that lives by its events; unref ends that. Each counts. */
  ref(): this
  unref(): this
  /** Starts a task. Returns when its supervisor runs. */
  spawn(command: Command, options?: SpawnOptions): Promise<Task>
  /** Starts a task and waits for its end, but not longer than waitMs: then it goes on in the background. */
  run(command: Command, options?: RunOptions): Promise<Outcome>
  /** The object of a task with this id. Looks at nothing. */
  task(id: string): Task
  /** The state of a task of this session, or of another one with this project root. */
  find(id: string, projectRoot?: string | null): Promise<Snapshot>
  list(options?: ListOptions): Promise<Snapshot[]>
  wait(id: string, options?: WaitOptions): Promise<Snapshot>
  /** The ends of these tasks (default: of all that run now), each once, in the order in which they ended. */
  ends(ids?: readonly string[], options?: { signal?: AbortSignal }): AsyncGenerator<Snapshot, void, void>
  proxy(command: string, options?: Omit<ProxySpec, 'command'>): Promise<ProxyTask>
  finishKills(timeoutMs?: number): Promise<void>
  /** Completions, each for one host only. The next one acknowledges the last; break and throw release it. */
  completions(options?: Omit<CompletionOptions, 'limit'> & { follow?: boolean; signal?: AbortSignal }):
    AsyncGenerator<Snapshot, void, void>
  peek(options?: CompletionOptions): Promise<Snapshot[]>
  lease(options?: CompletionOptions): Promise<Snapshot[]>
  drain(options?: CompletionOptions): Promise<Snapshot[]>
  acknowledge(id: string): Promise<boolean>
  release(id: string): Promise<void>
  gc(options?: GcOptions): Promise<GcResult>
  cleanupFinished(olderThanMs?: number): Promise<GcResult>
  /** Closes the registry. Tasks go on, unless shutdown. What waits fails with TETHER_ECLOSED. */
  close(options?: { shutdown?: boolean }): Promise<void>
}

/** Opens a session of a store. */
export function open(options?: OpenOptions): Promise<Registry>
/** The session "default" of the user's own store, which run and spawn of this module use. */
export function registry(): Promise<Registry>
export function run(command: Command, options?: RunOptions): Promise<Outcome>
export function spawn(command: Command, options?: SpawnOptions): Promise<Task>
/** Checks this machine and a store. */
export function doctor(store?: string | null): Promise<Finding[]>
/** The path of the store that is used if none is named. */
export function defaultStore(): string
/** The library that was loaded. */
export function library(): { file: string; version: string }
