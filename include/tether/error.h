/* Errors. Functions that can fail return TETHER_OK (0) or one of the negative codes below, which
 * are the same on every platform. They also fill a tether_error with the details. */
#ifndef TETHER_ERROR_H
#define TETHER_ERROR_H

#include <stddef.h>

#include "tether/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All codes, as X(name, value, text). Values never change and are never reused.
 *
 * Besides the codes that a function documents, any function can return those that a caller can
 * rarely act on: TETHER_EINVAL for arguments that cannot be valid (such as a malformed task id),
 * TETHER_ENOMEM, TETHER_EIO, TETHER_EACCESS, TETHER_ENOSPACE, TETHER_ELIMIT, TETHER_ECORRUPT,
 * TETHER_EGONE and TETHER_ESYSTEM. A few texts need more words:
 *
 *   ESTORE     the store's directory is a symbolic link, belongs to another user, or is accessible
 *              to others; or others can replace it, because of a directory above it
 *   EFORMAT    the directory is no store, or a store of another format version
 *   ELOCKED    another process held the session lock for longer than lock_timeout_ms
 *   EREADONLY  a newer version of tether wrote the record; this version shows it and does not
 *              change it
 *   EFOREIGN   the task runs in another pid namespace: its processes cannot be identified from here
 *   EQUOTA     a limit of tether_open_options or tether_spec, or the number of watches per task
 *   ECLOSED    the registry was closed or interrupted, before or during the call
 */
#define TETHER_ERROR_MAP(X)                                                                        \
    X(EINVAL, -1, "invalid argument")                                                              \
    X(ENOMEM, -2, "out of memory")                                                                 \
    X(EIO, -3, "input or output failed")                                                           \
    X(ENOTASK, -4, "no such task")                                                                 \
    X(ENOPROGRAM, -5, "program not found")                                                         \
    X(ENOEXEC, -6, "program cannot be executed")                                                   \
    X(ENOSHELL, -7, "shell not found")                                                             \
    X(EWORKDIR, -8, "working directory cannot be used")                                            \
    X(ESTORE, -9, "store refused")                                                                 \
    X(EFORMAT, -10, "store format not understood")                                                 \
    X(ENOSPACE, -11, "no space left in the store")                                                 \
    X(ELIMIT, -12, "limit of processes or descriptors reached")                                    \
    X(ETOOBIG, -13, "command or environment too big")                                              \
    X(ELOCKED, -14, "session lock is held by another process")                                     \
    X(ETIMEDOUT, -15, "the wait was over")                                                         \
    X(ESURVIVED, -16, "processes of the task are still alive")                                     \
    X(ECLOSED, -17, "registry is closing")                                                         \
    X(EREADONLY, -18, "record is read-only here")                                                  \
    X(ECORRUPT, -19, "damaged file in the store")                                                  \
    X(EFOREIGN, -20, "process cannot be verified as the task's own")                               \
    X(EACCESS, -21, "permission denied")                                                           \
    X(EGONE, -22, "store or session was removed")                                                  \
    X(ENOTSUP, -23, "not supported on this platform")                                              \
    X(ENOTENDED, -24, "task has not ended")                                                        \
    X(ESYSTEM, -25, "system call failed")                                                          \
    X(EQUOTA, -26, "limit of the session reached")                                                 \
    X(ELEASED, -27, "completion is held by another host")                                          \
    X(EPATTERN, -28, "pattern cannot be used")                                                     \
    X(EDROPPED, -29, "bytes were dropped by the output limit")                                     \
    X(EENDED, -30, "task has ended")                                                               \
    X(EEXISTS, -31, "task id is taken")                                                            \
    X(ETOOLATE, -32, "the deadline is over")                                                       \
    X(ENOANSWER, -33, "the monitor does not answer")                                               \
    X(EPIPE, -34, "nobody reads the task's standard input")

/* What a function returns that can fail. */
typedef enum tether_code {
    TETHER_OK = 0, /* success */
#define TETHER_ERROR_ENUM(name, value, text) TETHER_##name = value,
    TETHER_ERROR_MAP(TETHER_ERROR_ENUM)
#undef TETHER_ERROR_ENUM
} tether_code;

/* The details of a failure. The caller owns it, usually on the stack, and initialises it once:
 *
 *     tether_error error = {0};
 *
 * Functions accept NULL in its place. They write all members but size on failure, and none on
 * success. */
typedef struct tether_error {
    size_t size;       /* sizeof(tether_error), or 0 for the fields of version 0.1 */
    int code;          /* a tether_code, equal to the function's return value */
    int os_error;      /* errno or GetLastError() of the system call that failed; 0: none failed */
    char step[32];     /* what was being done, such as "create store" or "find shell" */
    char message[512]; /* UTF-8, for people: what failed, why, and what to do about it */
} tether_error;

/* Returns the name of a code, such as "TETHER_ENOTASK"; "TETHER_UNKNOWN" if there is no such code.
 * The text is static. Never NULL. Any thread. */
TETHER_EXPORT const char *tether_error_name(int code);

/* Returns a short text for a code, such as "no such task"; "unknown error" if there is no such
 * code. The text is static. Never NULL. Any thread. */
TETHER_EXPORT const char *tether_error_text(int code);

#ifdef __cplusplus
}
#endif
#endif
