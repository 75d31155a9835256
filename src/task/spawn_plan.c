/* Owns freeing a plan, and finding programs the way the task would.
 * Must not: perform a step of the start.
 * Thread: the caller's. */
#include "task/spawn_plan.h"

#include <stdlib.h>

#include "os/host.h"
#include "os/spawn.h"

void tether__spawn_plan_dispose(tether__spawn_plan *plan)
{
    tether__environment_dispose(&plan->environment);
    tether__os_environ_free(plan->host_environment);
    free(plan->workdir);
    free(plan->project_root);
    tether__shell_dispose(&plan->shell);
    free(plan->late_input);
    free(plan->program);
    free(plan->monitor);
    free(plan->outer_path);
    tether__text_dispose(&plan->orders);
    for (size_t i = 0; i < sizeof plan->entries / sizeof plan->entries[0]; i++)
        free(plan->entries[i]);
    free(plan->preload);
    free(plan->scope);
    free(plan->command_shown);
    free(plan->pipestatus);
    free(plan->wrapper_arguments);
    free(plan->command_file);
    tether__os_lifeline_close(&plan->lifeline);
    tether__os_anchor_close(&plan->anchor);
    tether__os_dir_close(plan->bundle);
    tether__record_dispose(&plan->record);
}

int tether__spawn_plan_find(const char *name, char **found, void *userdata, tether_error *error)
{
    const tether__spawn_plan *plan = userdata;
    const char *path = tether__environment_get(&plan->environment, "PATH");
    return tether__os_find_program(name, path, plan->workdir, found, error);
}

bool tether__spawn_plan_pipes(const tether__spawn_plan *plan)
{
    return plan->outer->kind == TETHER__OUTER_MONITOR &&
           plan->spec.output != TETHER_OUTPUT_DIRECT && tether__os_spawn_has_pipes();
}

/* The largest number is refused in orders. */
int64_t tether__spawn_plan_limit(const tether__spawn_plan *plan)
{
    uint64_t limit = plan->spec.output_limit;
    return limit < INT64_MAX ? (int64_t)limit : INT64_MAX - 1;
}
