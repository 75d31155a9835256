/* The sessions and tasks of a store, for completions. */
#ifndef TETHER_CLI_COMPLETE_TASKS_H
#define TETHER_CLI_COMPLETE_TASKS_H

#include "tether.h"

#include "cli/options.h"

/* Called with the id of a session, and the path of its directory. */
typedef void complete_session_cb(const char *session_id, const char *directory, void *userdata);

/* Calls back for each session of the selected store. Changes nothing. */
void complete_sessions(const cli_options *cli, complete_session_cb *found, void *userdata);

/* The tasks of a session, the newest first. */
typedef struct complete_tasks {
    tether_snapshot **items; /* one without a session_id has ended, and only its id is known */
    size_t count;
} complete_tasks;

/* Lists the tasks of the selected session: all that have not ended, and the newest of the others.
 * Where there are many, only ids that begin with what was typed are known of the rest. The list is
 * empty if there is no such session, or if it cannot be read soon; neither store nor session is
 * created. */
void complete_list(const cli_options *cli, const char *typed, complete_tasks *tasks);
void complete_list_dispose(complete_tasks *tasks);

#endif
