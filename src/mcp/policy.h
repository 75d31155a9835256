/* What the options of a server permit. */
#ifndef TETHER_MCP_POLICY_H
#define TETHER_MCP_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/task.h"

/* All zero permits everything. Texts belong to the caller. */
typedef struct mcp_policy {
    const char *const *dirs; /* tasks start in these directories or below only; count 0: anywhere */
    size_t dir_count;
    const char *const *denied; /* names of variables that no task gets */
    size_t denied_count;
    uint64_t max_running; /* tasks of a session; 0: no limit */
    uint64_t max_output;  /* bytes of each stream that are kept of a task; 0: no limit */
    int64_t max_time_ms;  /* the longest timeout of a task; 0: no limit */
    bool read_only;       /* offer only what changes nothing */
} mcp_policy;

/* Checks that each directory is there. */
int policy_check(const mcp_policy *policy, tether_error *error);

/* Checks a working directory (NULL: that of this process). *resolved receives its true path, which
 * the caller frees with free(), or NULL if there is nothing to check. */
int policy_take_folder(const mcp_policy *policy, const char *workdir, char **resolved,
                       tether_error *error);

/* Checks the name of a variable that the client wants to set. */
int policy_take_variable(const mcp_policy *policy, const char *name, tether_error *error);

/* Lowers the limits of a spec to what is permitted. */
void policy_limit(const mcp_policy *policy, tether_spec *spec);

#endif
