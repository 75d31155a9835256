/* What goes wrong with tasks while a verb waits for them, such as a deadline that cannot be kept.
 */
#ifndef TETHER_CLI_TROUBLES_H
#define TETHER_CLI_TROUBLES_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include "tether.h"

#include "cli/options.h"

typedef struct cli_troubles {
    const cli_options *cli;
    uv_mutex_t lock;
    const char *const *ids; /* the tasks that are waited for; NULL: none yet */
    size_t count;
    bool *reported; /* of each of them */
} cli_troubles;

/* Makes a registry that is opened with these options report to `troubles`. Returns false if memory
 * is short. Dispose it after the registry was closed. */
bool troubles_init(cli_troubles *troubles, const cli_options *cli, tether_open_options *options);
void troubles_dispose(cli_troubles *troubles);

/* From now on the first error of each of these tasks is printed on standard error, also while the
 * caller waits. `ids` must stay valid until the registry is closed. Without memory, none is
 * printed. */
void troubles_watch(cli_troubles *troubles, const char *const *ids, size_t count);

#endif
