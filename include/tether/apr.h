/* Tether for hosts on the Apache Portable Runtime: a registry that belongs to a pool, tasks in
 * place of apr_proc_create, and statuses and times of APR. docs/apr.md has a quick start.
 *
 * A library of its own (libtether-apr, CMake target tether::apr), which tether.h does not include.
 * Not on Windows yet. The rest of the library is called with tether_apr_registry.
 *
 * Functions that fail return a status other than APR_SUCCESS and, if `error` is not NULL, fill it
 * with the details as the library's calls do. Pools are not locked: a call uses its pool as
 * apr_palloc does. Otherwise any thread may call any function. */
#ifndef TETHER_APR_H
#define TETHER_APR_H

#include <stdint.h>

#include <apr_errno.h>
#include <apr_file_io.h>
#include <apr_pools.h>
#include <apr_thread_proc.h>
#include <apr_time.h>

#include "tether/error.h"
#include "tether/export.h"
#include "tether/output.h"
#include "tether/registry.h"
#include "tether/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Statuses and times --- */

/* Tether's codes as statuses are TETHER_APR_START_STATUS - code, in a range of 1000. Ranges known
 * to be taken: +2000 to 2999 httpd, +5000 n to +5000 n + 100 Subversion. */
#define TETHER_APR_START_STATUS (APR_OS_START_USERERR + 408000)

/* Returns a failure as a status of APR:
 *
 *   the error of a system call, where the code says no more than what kind of call failed
 *                      APR_FROM_OS_ERROR(error->os_error)
 *   TETHER_EINVAL      APR_EINVAL          TETHER_EACCESS     APR_EACCES
 *   TETHER_ENOMEM      APR_ENOMEM          TETHER_ENOSPACE    APR_ENOSPC
 *   TETHER_ENOTSUP     APR_ENOTIMPL        TETHER_EEXISTS     APR_EEXIST
 *   TETHER_ETIMEDOUT   APR_TIMEUP          TETHER_EPIPE       APR_EPIPE
 *   TETHER_ENOPROGRAM  APR_ENOENT          any other          TETHER_APR_START_STATUS - code
 *
 * so that APR_STATUS_IS_ENOENT and the like work. APR_SUCCESS for TETHER_OK. Any thread. */
TETHER_EXPORT apr_status_t tether_apr_status(const tether_error *error);

/* Returns the code for a status, the way back of tether_apr_status: TETHER_ESYSTEM for an error of
 * the system or of APR that no code stands for, TETHER_OK for APR_SUCCESS. Any thread. */
TETHER_EXPORT int tether_apr_code(apr_status_t status);

/* As apr_strerror, which knows no text for statuses of applications: writes the text of any status
 * into buffer, with that of tether_error_text for tether's own. Returns buffer. Any thread. */
TETHER_EXPORT char *tether_apr_strerror(apr_status_t status, char *buffer, apr_size_t size);

/* The time of a snapshot that is not known, or not there yet. */
#define TETHER_APR_TIME_UNKNOWN ((apr_time_t)-1)

/* Returns a time of a snapshot (milliseconds since the Unix epoch, 0: not known) in microseconds;
 * TETHER_APR_TIME_UNKNOWN for 0. Any thread. */
TETHER_EXPORT apr_time_t tether_apr_time(int64_t unix_ms);

/* Returns a timeout of APR (microseconds, negative: none) in milliseconds, as all calls of the
 * library take it: rounded up, so that only 0 becomes 0; -1 for none. Any thread. */
TETHER_EXPORT int64_t tether_apr_timeout_ms(apr_interval_time_t timeout);

/* --- A registry in a pool --- */

/* Opaque: an open registry, and the pool that closes it. */
typedef struct tether_apr_host tether_apr_host;

/* Opens a registry as tether_open does, and closes it with `mode` when the pool is cleared or
 * destroyed. With TETHER_DETACH all tasks go on; with TETHER_SHUTDOWN the clean-up waits until they
 * are gone. Several opens with one pool give several registries, each closed on its own; the last
 * one first.
 *
 * *host lives as long as the pool; it is NULL on failure. `options` may be NULL. on_event may
 * destroy the pool once this call has returned. Before an exec nothing is done, since no descriptor
 * survives it. A process that this one forks cannot use the registry: calls fail there, and its
 * clean-ups of the pool do nothing. So open it in the process that uses it, such as in the
 * child_init hook of httpd.
 *
 * Errors: as tether_open. */
TETHER_EXPORT apr_status_t tether_apr_open(tether_apr_host **host,
                                           const tether_open_options *options,
                                           tether_close_mode mode, apr_pool_t *pool,
                                           tether_error *error);

/* Returns the registry, for all other calls of the library; NULL once it was closed, and in a
 * process that was forked after the open. Do not pass it to tether_close. */
TETHER_EXPORT tether_registry *tether_apr_registry(const tether_apr_host *host);

/* Closes the registry before its pool does. What was noted with tether_apr_note_task is not done
 * any more. Closing it twice is not an error. Errors: as tether_close. */
TETHER_EXPORT apr_status_t tether_apr_close(tether_apr_host *host, tether_error *error);

/* --- A task in place of apr_proc_create --- */

/* Opaque: how to start tasks. An apr_procattr_t cannot be read (APR has only calls that set it), so
 * this has calls of the same names and parameters. There are none for what a task cannot have: a
 * user, group or rlimits of its own, and files of the host as its standard streams. */
typedef struct tether_apr_procattr tether_apr_procattr;

/* Creates an attribute with the defaults of APR: APR_PROGRAM, in this process's directory. It lives
 * as long as the pool, which is that of the host or one below it (else APR_EINVAL). One thread at a
 * time. NULL on failure. */
TETHER_EXPORT apr_status_t tether_apr_procattr_create(tether_apr_procattr **attr,
                                                      tether_apr_host *host, apr_pool_t *pool);

/* Says which streams the host gets as pipes. The task writes into files all the same, so it never
 * waits for the host, and goes on when nobody reads.
 *
 * APR_NO_PIPE and APR_NO_FILE: no pipe. The null device is the task's standard input; its outputs
 * are in the store. Otherwise, for `out` and `err`: proc->out or proc->err is a pipe with
 * everything that the task writes to the stream, which ends when the task has ended; reading blocks
 * with APR_FULL_BLOCK and APR_PARENT_BLOCK. Each takes a thread until then, or until its pipe is
 * closed and the task writes again.
 *
 * Errors: APR_ENOTIMPL for a pipe as `in`: set `input_pipe` of tether_apr_procattr_spec, and write
 * with tether_input. */
TETHER_EXPORT apr_status_t tether_apr_procattr_io_set(tether_apr_procattr *attr, apr_int32_t in,
                                                      apr_int32_t out, apr_int32_t err);

/* Sets the working directory. The text is copied. */
TETHER_EXPORT apr_status_t tether_apr_procattr_dir_set(tether_apr_procattr *attr, const char *dir);

/* Sets what progname and args mean, see tether_apr_proc_create. Errors: APR_EINVAL. */
TETHER_EXPORT apr_status_t tether_apr_procattr_cmdtype_set(tether_apr_procattr *attr,
                                                           apr_cmdtype_e cmd);

/* Have no effect: every task is detached, and every failure of a start is reported. */
TETHER_EXPORT apr_status_t tether_apr_procattr_detach_set(tether_apr_procattr *attr,
                                                          apr_int32_t detach);
TETHER_EXPORT apr_status_t tether_apr_procattr_error_check_set(tether_apr_procattr *attr,
                                                               apr_int32_t chk);

/* Returns the spec of the tasks that are started with this attribute, for everything that APR does
 * not know: name, key, timeout_ms, memory_limit, ... Texts must live as long as the attribute. The
 * call that starts a task sets command, argv, shell, env and workdir itself. */
TETHER_EXPORT tether_spec *tether_apr_procattr_spec(tether_apr_procattr *attr);

/* Returns the id of the last task that was started with this attribute, "" if there is none, and
 * what the last failed call with it has failed of. Both change with the next call. */
TETHER_EXPORT const char *tether_apr_procattr_task_id(const tether_apr_procattr *attr);
TETHER_EXPORT const tether_error *tether_apr_procattr_error(const tether_apr_procattr *attr);

/* Starts a task with the parameters of apr_proc_create. It outlives the pool and this process,
 * unless tether_apr_note_task or its spec says otherwise.
 *
 *   APR_PROGRAM       progname is a path; the environment is env, NULL: empty
 *   APR_PROGRAM_ENV   progname is a path; the environment of this process
 *   APR_PROGRAM_PATH  progname is looked up in PATH; the environment of this process
 *   APR_SHELLCMD      args, joined by blanks, are a command for /bin/sh; env as for APR_PROGRAM
 *   APR_SHELLCMD_ENV  the same, with the environment of this process
 *
 * The program sees its path as argv[0], whatever args[0] is. proc->out and proc->err are those of
 * tether_apr_procattr_io_set, else NULL, in `pool`, which is that of the host or one below it (else
 * APR_EINVAL). proc->in is NULL. proc->pid is the process id of the task's supervisor, to be shown
 * and not to be used: it belongs to the library. Wait with tether_apr_task_wait, kill with
 * tether_kill, and call tether_apr_note_task instead of apr_pool_note_subprocess. A host that reaps
 * all its children, as with apr_proc_wait_all_procs, does no harm.
 *
 * Errors: as tether_spawn, at once and never in a child: tether_apr_procattr_error has the text. */
TETHER_EXPORT apr_status_t tether_apr_proc_create(apr_proc_t *proc, const char *progname,
                                                  const char *const *args, const char *const *env,
                                                  tether_apr_procattr *attr, apr_pool_t *pool);

/* As apr_proc_wait, for any task of the session: waits until it has ended. timeout in microseconds:
 * negative waits forever, 0 checks once.
 *
 * Returns APR_CHILD_DONE, with the exit code in *exitcode and APR_PROC_EXIT in *exitwhy, or the
 * signal and APR_PROC_SIGNAL; both may be NULL. APR_CHILD_NOTDONE if it has not ended in time.
 * APR_EGENERAL if it has ended and nobody knows how: *exitcode is -1, *exitwhy 0, and the error has
 * the reason. Any number of waits, in any process, get the same answer. Not on the thread of a
 * host's own loop if timeout is not 0.
 *
 * Other errors: as tether_wait. */
TETHER_EXPORT apr_status_t tether_apr_task_wait(tether_apr_host *host, const char *task_id,
                                                int *exitcode, apr_exit_why_e *exitwhy,
                                                apr_interval_time_t timeout, tether_error *error);

/* As apr_pool_note_subprocess, for any task of the session: says what happens to it when the pool
 * is cleared or destroyed, with all processes of the task.
 *
 *   APR_KILL_NEVER          it goes on
 *   APR_KILL_ALWAYS         SIGKILL
 *   APR_KILL_AFTER_TIMEOUT  SIGTERM, up to 3 seconds, SIGKILL
 *   APR_JUST_WAIT           the clean-up waits for its end, forever
 *   APR_KILL_ONLY_ONCE      SIGTERM, and the clean-up waits for its end, forever
 *
 * The clean-up returns when the tasks have ended. It kills all tasks of a pool at the same time,
 * and does nothing in a forked process. A task that this process leaves without the clean-up, such
 * as because it is killed, goes on; with_host of its spec is for that. The pool is that of the host
 * or one below it (else APR_EINVAL). Not for pools that are destroyed on the thread of a host's own
 * loop: nothing may wait there.
 *
 * Errors: as tether_status_get. */
TETHER_EXPORT apr_status_t tether_apr_note_task(apr_pool_t *pool, tether_apr_host *host,
                                                const char *task_id, apr_kill_conditions_e how,
                                                tether_error *error);

/* Opens the file with what a task has written to a stream, for reading, such as to send it. At its
 * end there is nothing more now; the task may write more. Of a task with an output_limit, read with
 * tether_output_read instead: bytes that were dropped are zeros here. *file is in the pool; it is
 * NULL on failure.
 *
 * Errors: APR_EINVAL for TETHER_STDERR of a task with merge_output; as tether_status_get and
 * apr_file_open. */
TETHER_EXPORT apr_status_t tether_apr_output_open(apr_file_t **file, tether_apr_host *host,
                                                  const char *task_id, tether_stream stream,
                                                  apr_pool_t *pool, tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
