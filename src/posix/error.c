/* Owns the mapping from errno to tether codes, and the remedies in messages.
 * Must not: read errno itself.
 * Thread: any. */
#include "posix/error.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/error.h"

typedef struct mapping {
    int os_error;
    int code;
    const char *remedy; /* NULL: no general remedy */
} mapping;

static const mapping mappings[] = {
    {EINVAL, TETHER_EINVAL, NULL},
    {ENAMETOOLONG, TETHER_EINVAL, "choose a shorter path"},
    {ENOMEM, TETHER_ENOMEM, "free some memory or raise the limit of this process"},
    {ENOENT, TETHER_ENOTASK, NULL},
    {ENOSPC, TETHER_ENOSPACE, "free some space or choose another store"},
    {EDQUOT, TETHER_ENOSPACE, "free some of the quota or choose another store"},
    {EMFILE, TETHER_ELIMIT, "raise this process's limit of descriptors (ulimit -n)"},
    {ENFILE, TETHER_ELIMIT, "the system's limit of open files is reached: end some programs"},
    {EAGAIN, TETHER_ELIMIT, "raise the limit of processes (ulimit -u, pids.max) or end some"},
    {E2BIG, TETHER_ETOOBIG, "pass large values in a file"},
    {EACCES, TETHER_EACCESS, "check owner and permissions"},
    {EPERM, TETHER_EACCESS, "check owner and permissions"},
    {EROFS, TETHER_EACCESS, "the file system is read-only: choose another store"},
    {ELOOP, TETHER_ECORRUPT, "a link stands where tether keeps its own files: remove it"},
    {ENOTDIR, TETHER_ECORRUPT, "something else stands where a directory should be"},
    {EISDIR, TETHER_ECORRUPT, "a directory stands where a file should be"},
    {ENXIO, TETHER_ECORRUPT, "a socket or device stands where a file should be: remove it"},
    {ENOEXEC, TETHER_ENOEXEC, "the file is not a program for this machine"},
    {EIO, TETHER_EIO, "check the disk"},
    {ENOSYS, TETHER_ENOTSUP, NULL},
    {EOPNOTSUPP, TETHER_ENOTSUP, NULL},
    {ENOLCK, TETHER_ENOTSUP, "choose a store on a file system with locks"},
};

static const mapping *find_mapping(int os_error)
{
    for (size_t i = 0; i < sizeof mappings / sizeof mappings[0]; i++) {
        if (mappings[i].os_error == os_error)
            return &mappings[i];
    }
    return NULL;
}

int tether__posix_code(int os_error)
{
    const mapping *found = find_mapping(os_error);
    return found != NULL ? found->code : TETHER_ESYSTEM;
}

int tether__posix_lock_code(int os_error)
{
    bool transient = os_error == EINTR || os_error == ENOMEM || os_error == EIO;
    return transient ? tether__posix_code(os_error) : TETHER_ENOTSUP;
}

int tether__posix_refusal(int os_error)
{
#ifdef EFTYPE /* NetBSD */
    if (os_error == EFTYPE)
        return ELOOP;
#endif
    return os_error == EMLINK ? ELOOP : os_error; /* FreeBSD */
}

int tether__posix_fail_as(tether_error *error, int code, int os_error, const char *step,
                          const char *what)
{
    char words[128];
    uv_strerror_r(uv_translate_sys_error(os_error), words, sizeof words);
    const mapping *found = find_mapping(os_error);
    const char *remedy = found != NULL && found->remedy != NULL ? found->remedy : NULL;
    return tether__fail(error, code, os_error, step, "%s: %s%s%s%s%s", step,
                        what != NULL ? what : "", what != NULL ? ": " : "", words,
                        remedy != NULL ? "; " : "", remedy != NULL ? remedy : "");
}

int tether__posix_fail(tether_error *error, int os_error, const char *step, const char *what)
{
    return tether__posix_fail_as(error, tether__posix_code(os_error), os_error, step, what);
}
