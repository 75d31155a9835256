/* The sessions and tasks of a store, for completions. */
#ifndef TETHER_CLI_COMPLETE_TASKS_H
#define TETHER_CLI_COMPLETE_TASKS_H

#include "tether.h"

#include "cli/options.h"

/* Called with the id of a session. */
typedef void complete_session_cb(const char *session_id, void *userdata);

/* Calls back for each session of the selected store. Changes nothing. */
void complete_sessions(const cli_options *cli, complete_session_cb *found, void *userdata);

/* Lists all tasks of the selected session, the newest first. Returns NULL if there is none, or if
 * it cannot be read soon; creates neither store nor session. The caller frees the list with
 * tether_snapshot_list_free. */
tether_snapshot_list *complete_list(const cli_options *cli);

#endif
