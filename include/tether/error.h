/* Errors: one fixed list, the same on every platform. Every call returns 0 or one of these negative
 * codes. */
#ifndef TETHER_ERROR_H
#define TETHER_ERROR_H

#include <stddef.h>

#include "tether/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, value, text). Values never change and are never reused. */
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
    X(EEXISTS, -31, "task id is taken")

typedef enum tether_code {
    TETHER_OK = 0,
#define TETHER_ERROR_ENUM(name, value, text) TETHER_##name = value,
    TETHER_ERROR_MAP(TETHER_ERROR_ENUM)
#undef TETHER_ERROR_ENUM
} tether_code;

/* What went wrong. Owned by the caller, usually on its stack; every function that takes one accepts
 * NULL, leaves it alone on success and fills all of it on failure. */
typedef struct tether_error {
    int code;          /* one of tether_code, equal to the function's return value */
    int os_error;      /* errno or GetLastError of the call that failed; 0 where none did */
    char step[32];     /* the step that failed, such as "create bundle" or "start shell" */
    char message[512]; /* a full sentence for people: what failed, on what, and what to do; UTF-8 */
} tether_error;

/* The name of a code, such as "TETHER_ENOTASK" ("TETHER_OK" for 0, "TETHER_UNKNOWN" for a code not
 * in the list). Static text, any thread, never NULL. */
TETHER_EXPORT const char *tether_error_name(int code);

/* A short text for a code, such as "no such task". Static text, any thread, never NULL. */
TETHER_EXPORT const char *tether_error_text(int code);

#ifdef __cplusplus
}
#endif
#endif
