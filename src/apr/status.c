/* Owns the way between tether's codes and statuses of APR, and the texts of both.
 * Must not: lose the error of a system call, or give a status of APR another meaning.
 * Thread: any. */
#include "tether/apr.h"

#include <stdbool.h>

#include <apr_strings.h>

typedef struct pair {
    int code;
    apr_status_t status;
} pair;

/* What APR has a status for that means the same. */
static const pair pairs[] = {
    {TETHER_OK, APR_SUCCESS},       {TETHER_EINVAL, APR_EINVAL},    {TETHER_ENOMEM, APR_ENOMEM},
    {TETHER_ENOTSUP, APR_ENOTIMPL}, {TETHER_ETIMEDOUT, APR_TIMEUP}, {TETHER_ENOPROGRAM, APR_ENOENT},
    {TETHER_EACCESS, APR_EACCES},   {TETHER_ENOSPACE, APR_ENOSPC},  {TETHER_EEXISTS, APR_EEXIST},
    {TETHER_EPIPE, APR_EPIPE},
};

#define PAIRS (sizeof pairs / sizeof pairs[0])

/* Whether the code says no more than the error of the system call does. */
static bool is_of_system(int code)
{
    switch (code) {
    case TETHER_EIO:
    case TETHER_EACCESS:
    case TETHER_ENOSPACE:
    case TETHER_ENOMEM:
    case TETHER_ELIMIT:
    case TETHER_ETOOBIG:
    case TETHER_ENOEXEC:
    case TETHER_ENOPROGRAM:
    case TETHER_EWORKDIR:
    case TETHER_ESYSTEM:
        return true;
    default:
        return false;
    }
}

apr_status_t tether_apr_status(const tether_error *error)
{
    if (error->os_error != 0 && is_of_system(error->code))
        return APR_FROM_OS_ERROR(error->os_error);
    for (size_t i = 0; i < PAIRS; i++) {
        if (pairs[i].code == error->code)
            return pairs[i].status;
    }
    return TETHER_APR_START_STATUS - error->code;
}

static bool is_own(apr_status_t status)
{
    return status > TETHER_APR_START_STATUS && status < TETHER_APR_START_STATUS + 1000;
}

int tether_apr_code(apr_status_t status)
{
    if (is_own(status))
        return TETHER_APR_START_STATUS - status;
    for (size_t i = 0; i < PAIRS; i++) {
        if (pairs[i].status == status)
            return pairs[i].code;
    }
    return TETHER_ESYSTEM;
}

char *tether_apr_strerror(apr_status_t status, char *buffer, apr_size_t size)
{
    if (!is_own(status))
        return apr_strerror(status, buffer, size);
    apr_cpystrn(buffer, tether_error_text(TETHER_APR_START_STATUS - status), size);
    return buffer;
}
