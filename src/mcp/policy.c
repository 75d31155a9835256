/* Owns what the options of a server permit.
 * Must not: start anything.
 * Thread: the main one. */
#include "mcp/policy.h"

#include <stdlib.h>

#include "mcp/failure.h"
#include "mcp/folder_os.h"

/* The library's timeout of tasks that are given none. */
enum { DEFAULT_TIMEOUT_MS = 30 * 60 * 1000 };

int policy_check(const mcp_policy *policy, tether_error *error)
{
    for (size_t i = 0; i < policy->dir_count; i++) {
        char *resolved = folder_os_resolve(policy->dirs[i]);
        if (resolved == NULL)
            return failure(error, TETHER_EWORKDIR, "read arguments",
                           "--allow-dir %.200s is no directory that can be entered; create it, or "
                           "give another one",
                           policy->dirs[i]);
        free(resolved);
    }
    return TETHER_OK;
}

/* A directory of the list may be a link, and may have become one since the start. */
static bool is_allowed(const mcp_policy *policy, const char *path)
{
    bool allowed = false;
    for (size_t i = 0; i < policy->dir_count && !allowed; i++) {
        char *directory = folder_os_resolve(policy->dirs[i]);
        allowed = directory != NULL && folder_os_is_in(path, directory);
        free(directory);
    }
    return allowed;
}

int policy_take_folder(const mcp_policy *policy, const char *workdir, char **resolved,
                       tether_error *error)
{
    *resolved = NULL;
    if (policy->dir_count == 0)
        return TETHER_OK;
    char *path = folder_os_resolve(workdir != NULL ? workdir : ".");
    if (path == NULL)
        return failure(error, TETHER_EWORKDIR, "check directory",
                       "%.200s is no directory that can be entered; give another cwd",
                       workdir != NULL ? workdir : "this server's directory");
    if (is_allowed(policy, path)) {
        *resolved = path;
        return TETHER_OK;
    }
    failure(error, TETHER_EACCESS, "check directory",
            "%.150s is outside the directories that this server permits (--allow-dir %.150s%s); "
            "give a cwd below one of these",
            path, policy->dirs[0], policy->dir_count > 1 ? ", ..." : "");
    free(path);
    return TETHER_EACCESS;
}

int policy_take_variable(const mcp_policy *policy, const char *name, tether_error *error)
{
    for (size_t i = 0; i < policy->denied_count; i++) {
        if (folder_os_same_variable(policy->denied[i], name))
            return failure(error, TETHER_EACCESS, "check environment",
                           "this server does not permit the variable %.60s (--deny-env); leave it "
                           "out",
                           name);
    }
    return TETHER_OK;
}

void policy_limit(const mcp_policy *policy, tether_spec *spec)
{
    if (policy->max_output > 0 &&
        (spec->output_limit == 0 || spec->output_limit > policy->max_output))
        spec->output_limit = policy->max_output;
    if (policy->max_time_ms > 0) {
        int64_t wanted = spec->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : spec->timeout_ms;
        if (wanted < 0 || wanted > policy->max_time_ms)
            spec->timeout_ms = policy->max_time_ms;
    }
}
