/* A registry in a pool, for the other modules of this library. */
#ifndef TETHER_APR_HOST_H
#define TETHER_APR_HOST_H

#include "apr/fail.h"
#include "apr/pump_os.h"
#include "tether/apr.h"

struct tether_apr_host {
    apr_pool_t *pool;
    tether_registry *registry; /* NULL once it was closed */
    tether__apr_pumps *pumps;  /* of its tasks' outputs; NULL once it was closed */
    tether_close_mode mode;
    int64_t process; /* that opened it */
};

/* Returns the registry for a call with a pool (NULL: without one), or NULL if there is none or the
 * pool may outlive the host; then *status says which, and the error has the text. */
tether_registry *tether__apr_enter(const tether_apr_host *host, apr_pool_t *pool, const char *step,
                                   apr_status_t *status, tether_error *error);

#endif
