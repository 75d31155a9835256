/* How to start tasks, for the module that starts them. */
#ifndef TETHER_APR_PROCATTR_H
#define TETHER_APR_PROCATTR_H

#include "apr/host.h"

struct tether_apr_procattr {
    apr_pool_t *pool;
    tether_apr_host *host;
    tether_spec spec;
    apr_cmdtype_e type;
    const char *directory; /* NULL: that of this process */
    apr_int32_t pipes[2];  /* of standard output and error: how, as for apr_procattr_io_set */
    char task_id[TETHER_ID_SIZE];
    tether_error error;
};

#endif
