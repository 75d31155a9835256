/* Refresh: reads the records of tasks from the disk into the catalog, and writes the verdicts on
 * tasks into their records. Only the first record of a task comes into the catalog in another way:
 * the start of the task writes that record and calls tether__catalog_add (task/spawn.c,
 * task/proxy.c). */
#ifndef TETHER_REFRESH_H
#define TETHER_REFRESH_H

#include <stdbool.h>

#include "engine/catalog.h"
#include "tether/error.h"

typedef enum tether__inspect_mode {
    TETHER__INSPECT_NOW,
    /* The session is being opened. If the marker of a task that was being killed reports an end,
     * the `reason` in the record says that the end was recovered on replay. Where no supervisor can
     * be waiting to be resumed, does not write `running` at once, as after an event. */
    TETHER__INSPECT_OPENING,
    /* After an event of the task. Does not write `running` at once, because each write takes the
     * session lock and most tasks are short, but sets the entry's inspect_at. */
    TETHER__INSPECT_EVENT,
    /* For a list of many tasks. A lifeline that is held vouches for a running task; only where it
     * does not, is the supervisor's process probed. So a list takes a task for running whose
     * supervisor has died while another process has inherited the lifeline by accident; every other
     * inspection finds that. */
    TETHER__INSPECT_LIST,
    /* As TETHER__INSPECT_LIST, when every event was handled, and the ledger has looked at the
     * journal, since the list began: a task that was running when it was last refreshed still is,
     * and is not looked at. */
    TETHER__INSPECT_TOLD,
    /* As TETHER__INSPECT_TOLD for a task of which events tell, and TETHER__INSPECT_NOW for others.
     * A caller then has exits watched, because a lifeline that another process has inherited tells
     * of none. */
    TETHER__INSPECT_TOLD_OR_NOW
} tether__inspect_mode;

/* Returns TETHER__INSPECT_TOLD if that is possible now, else TETHER__INSPECT_LIST. Takes `state`.
 */
tether__inspect_mode tether__refresh_list_mode(tether__catalog *catalog);

/* Returns whether a refresh of the entry with this mode would find nothing new, because events
 * vouch for the task. The caller holds `disk`; takes `state`. */
bool tether__refresh_is_told(tether__catalog *catalog, const tether__entry *entry,
                             tether__inspect_mode mode);

/* Brings one task up to date: reads its record if that has changed, inspects the task, and
 * writes the record if the verdict says so. *entry (NULL: not wanted) is valid while `disk` is
 * held. If the task has ended but the end cannot be written, such as to a full disk, the call
 * succeeds all the same: the entry has the end, and each later refresh tries to write it
 * (`unsaved`). The caller holds `disk`. */
int tether__refresh(tether__catalog *catalog, const char *task_id, tether__inspect_mode mode,
                    tether__entry **entry, tether_error *error);

/* Changes a task's record: refreshes the task, takes the session lock, calls `change` and, unless
 * that returns false, writes the record. After a failed write the record is as before. The caller
 * holds `disk`. */
int tether__refresh_change(tether__catalog *catalog, const char *task_id,
                           bool (*change)(tether__record *record, void *userdata), void *userdata,
                           tether__entry **entry, tether_error *error);

/* As tether__refresh_change, for a change that nothing but a live task may have. Looks for the end
 * once more under the lock: another host may have told its caller of an end that it could not
 * write. */
int tether__refresh_change_live(tether__catalog *catalog, const char *task_id,
                                bool (*change)(tether__record *record, void *userdata),
                                void *userdata, tether__entry **entry, tether_error *error);

/* Returns whether the listing of the catalog's round can prove that no process of the task is left:
 * only a listing that began after the supervisor was found done (supervisor_done_at) can. If that
 * time is not set yet, sets it to now; therefore call this only for a task whose supervisor is
 * known to be done, such as one that has ended. The caller holds `disk`. */
bool tether__refresh_round_is_conclusive(tether__catalog *catalog, tether__entry *entry);

#endif
