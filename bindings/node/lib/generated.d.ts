// Written by generate.js from api.json: do not change.

import type { Compress, Environment, Signal, TetherError } from '../index'

export type Code =
  | 'TETHER_OK'
  | 'TETHER_EINVAL'
  | 'TETHER_ENOMEM'
  | 'TETHER_EIO'
  | 'TETHER_ENOTASK'
  | 'TETHER_ENOPROGRAM'
  | 'TETHER_ENOEXEC'
  | 'TETHER_ENOSHELL'
  | 'TETHER_EWORKDIR'
  | 'TETHER_ESTORE'
  | 'TETHER_EFORMAT'
  | 'TETHER_ENOSPACE'
  | 'TETHER_ELIMIT'
  | 'TETHER_ETOOBIG'
  | 'TETHER_ELOCKED'
  | 'TETHER_ETIMEDOUT'
  | 'TETHER_ESURVIVED'
  | 'TETHER_ECLOSED'
  | 'TETHER_EREADONLY'
  | 'TETHER_ECORRUPT'
  | 'TETHER_EFOREIGN'
  | 'TETHER_EACCESS'
  | 'TETHER_EGONE'
  | 'TETHER_ENOTSUP'
  | 'TETHER_ENOTENDED'
  | 'TETHER_ESYSTEM'
  | 'TETHER_EQUOTA'
  | 'TETHER_ELEASED'
  | 'TETHER_EPATTERN'
  | 'TETHER_EDROPPED'
  | 'TETHER_EENDED'
  | 'TETHER_EEXISTS'
  | 'TETHER_ETOOLATE'
  | 'TETHER_ENOANSWER'
  | 'TETHER_EPIPE'

export type ReaperMode = 'auto' | 'events' | 'polling'

export type CloseMode = 'detach' | 'shutdown'

export type Status =
  | 'starting'
  | 'running'
  | 'paused'
  | 'killing'
  | 'completed'
  | 'failed'
  | 'killed'
  | 'timed_out'
  | 'lost'

export type OutputPolicy = 'truncate' | 'kill'

export type Supervisor = 'auto' | 'script' | 'monitor'

export type Output = 'auto' | 'direct' | 'pipe'

export type ListScope = 'running' | 'all' | 'orphans'

export type WaitMode = 'all' | 'any'

export type Stream = 'stdout' | 'stderr'

export type View = 'both' | 'stdout' | 'stderr'

export type EventKind = 'started' | 'completion' | 'reminder' | 'match' | 'watch_end' | 'cancel' | 'log' | 'truncated'

export type LogLevel = 'info' | 'warning' | 'error'

export type Verdict = 'good' | 'weak' | 'bad'

export interface OpenOptions {
  store?: string
  session?: string
  defaultTimeoutMs?: number | bigint
  reaper?: ReaperMode
  lockTimeoutMs?: number | bigint
  sync?: boolean
  ephemeral?: boolean
  compress?: Compress
  reminderMs?: number | bigint
  maxRunning?: number | bigint
  maxStarted?: number | bigint
  maxOutputBytes?: number | bigint
  leaveWatches?: boolean
  noGc?: boolean
  existing?: boolean
}

export interface Spec {
  command?: string | Uint8Array
  argv?: readonly (string | Uint8Array)[]
  shell?: string
  workdir?: string
  env?: Environment
  envSet?: Environment
  stdinPath?: string
  name?: string
  projectRoot?: string
  timeoutMs?: number | bigint
  mergeOutput?: boolean
  noNotify?: boolean
  maxRunning?: number | bigint
  outputLimit?: number | bigint
  pipestatus?: boolean
  noCompress?: boolean
  envUnset?: readonly (string | Uint8Array)[]
  shellArguments?: readonly (string | Uint8Array)[]
  login?: boolean
  inheritStdin?: boolean
  supervisor?: Supervisor
  endTree?: boolean
  output?: Output
  lineBuffered?: boolean
  outputPolicy?: OutputPolicy
  withHost?: boolean
  inputPipe?: boolean
  whileTask?: string
  whilePid?: number | bigint
  scope?: boolean
  memoryLimit?: number | bigint
  onEnd?: string
  onEndTimeoutMs?: number | bigint
  key?: string
}

export interface ListOptions {
  scope?: ListScope
  projectRoot?: string
  allSessions?: boolean
  withoutOutput?: boolean
}

export interface KillOptions {
  signal?: Signal | number
  graceMs?: number | bigint
}

export interface InputOptions {
  atOffset?: boolean
  offset?: number | bigint
  close?: boolean
  timeoutMs?: number | bigint
}

export interface CompletionOptions {
  allSessions?: boolean
  limit?: number | bigint
}

export interface ProxySpec {
  taskId?: string
  command?: string
  name?: string
  projectRoot?: string
  timeoutMs?: number | bigint
  noNotify?: boolean
}

export interface GcOptions {
  olderThanMs?: number | bigint
  pendingOlderThanMs?: number | bigint
  sessionOnly?: boolean
}

export interface WatchSpec {
  pattern?: string | Uint8Array
  fixed?: boolean
  once?: boolean
  wholeLines?: boolean
  transient?: boolean
  fromNow?: boolean
  view?: View
  partial?: boolean
}

export interface Snapshot {
  taskId: string
  sessionId: string | null
  name: string | null
  projectRoot: string | null
  command: string | null
  workdir: string | null
  shell: string | null
  supervisor: string | null
  status: Status
  reason: string | null
  exitCode: number | null
  signal: number
  startedAt: number
  finishedAt: number
  durationMs: number
  timeoutMs: number
  deadlineAt: number
  childPid: number
  outputPath: string | null
  stderrPath: string | null
  outputPreview: string | null
  outputTruncated: boolean
  notifyOnCompletion: boolean
  completionDelivered: boolean
  readOnly: boolean
  survivors: number[] | null
  pipelineStatuses: number[] | null
  outputLimit: number
  outputDropped: number
  stderrDropped: number
  compressed: boolean
  survivorsKnown: boolean
  survival: string | null
  signalName: string | null
  userMs: number
  systemMs: number
  peakMemory: number
  processCount: number
  outputLost: number
  outputKind: string | null
  survivorNames: string[] | null
  survivorTotal: number
  whileTask: string | null
  whilePid: number
  memoryNow: number
  processesNow: number
  scope: string | null
  memoryLimit: number
  onEnd: string | null
  onEndExitCode: number | null
  onEndError: string | null
  key: string | null
  /** Whether the status is final. */
  ended: boolean
  /** What a shell would report; null: it has not ended. */
  exitStatus: number | null
}

export interface Match {
  watch: number
  stream: Stream
  offset: number
  text: Buffer
  matchSize: number
  context: Buffer
  contextOffset: number
}

export interface Event {
  kind: EventKind
  taskId: string | null
  snapshot: Snapshot | null
  elapsedMs: number
  match: Match | null
  watch: number
  level: LogLevel
  error: TetherError | null
  stream: Stream
}

export interface Piece {
  stream: Stream
  offset: number
  bytes: number
  time: number
}

export interface Finding {
  verdict: Verdict
  name: string | null
  text: string | null
}
