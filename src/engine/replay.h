/* Replay: brings the catalog up to date with everything on disk. */
#ifndef TETHER_REPLAY_H
#define TETHER_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/refresh.h"
#include "tether/error.h"

/* Returns whether a failure affects all tasks: that of the session lock, the store, memory or
 * descriptors. */
bool tether__replay_is_general(int code);

/* Returns the scope of what the reaper has to know. A listener receives an event for each pending
 * completion, so those tasks must be read. Without one, the calls that list completions read them.
 */
tether__scope tether__replay_scope(const tether__catalog *catalog);

/* Refreshes all tasks in scope. Scopes other than TETHER__SCOPE_ALL skip most tasks that the
 * catalog knows to have ended. Therefore the catalog may show a completion as pending that another
 * host has acknowledged since; if that matters, the caller refreshes the task (tether__refresh), as
 * task/completion.c does for each completion that it returns. Moves damaged tasks that do not run
 * to the quarantine, and adds their number to *quarantined (NULL: not wanted). A task that cannot
 * be read does not stop the others, unless the failure affects all (tether__replay_is_general); the
 * call then fails in the end, because the catalog may lack that task. A task that was removed or is
 * damaged is no failure. Takes `disk`, for one task at a time. */
int tether__replay(tether__catalog *catalog, tether__scope scope, tether__inspect_mode mode,
                   size_t *quarantined, tether_error *error);

/* Does the same for the tasks that hosts have to end (tether__ledger_overdue), and looks at no
 * other. */
int tether__replay_overdue(tether__catalog *catalog, tether_error *error);

/* Does the same for one task. The caller holds `disk`. */
int tether__replay_task(tether__catalog *catalog, const char *task_id, tether__inspect_mode mode,
                        size_t *quarantined, tether_error *error);

/* How many leftovers were removed, and how many were remains of a task whose record the journal has
 * lost, and went to the quarantine. */
typedef struct tether__swept {
    size_t removed, quarantined;
} tether__swept;

/* Removes the leftovers of starts that never became visible, and of removals that were interrupted,
 * as far as they have a lifeline: a collection finds the others (care/leftovers.h). Adds to *swept
 * how many there were. The caller holds `disk`. */
int tether__sweep(tether__catalog *catalog, tether__swept *swept, tether_error *error);

/* Removes the files of one id if they are a leftover, and adds that to *swept. Takes the session
 * lock then. The caller holds `disk`. */
int tether__sweep_task(const tether__session *session, const char *task_id, tether__swept *swept,
                       tether_error *error);

#endif
