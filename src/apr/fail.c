/* Owns how this library fills errors.
 * Must not: write beyond a struct of another version.
 * Thread: any. */
#include "apr/fail.h"

#include <stdbool.h>

#include <apr_strings.h>

/* A struct of another version may be shorter than the members below. */
static bool has_room(const tether_error *error)
{
    return error->size == 0 || error->size >= sizeof *error;
}

apr_status_t tether__apr_fail(tether_error *error, int code, const char *step, const char *message)
{
    const tether_error plain = {.code = code};
    if (error != NULL && has_room(error)) {
        error->code = code;
        error->os_error = 0;
        apr_cpystrn(error->step, step, sizeof error->step);
        apr_cpystrn(error->message, message, sizeof error->message);
    }
    return tether_apr_status(&plain);
}

apr_status_t tether__apr_fail_apr(tether_error *error, apr_status_t status, const char *step)
{
    char message[256];
    (void)tether__apr_fail(error, tether_apr_code(status), step,
                           apr_strerror(status, message, sizeof message));
    return status;
}
