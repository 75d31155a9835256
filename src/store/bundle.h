/* One task on disk: its bundle, its record, its marker. Whoever writes a record holds the session
 * lock. */
#ifndef TETHER_BUNDLE_H
#define TETHER_BUNDLE_H

#include <stdbool.h>

#include "format/record.h"
#include "format/verdict.h"
#include "os/file.h"
#include "os/tree.h"
#include "store/store.h"
#include "tether/error.h"

/* File names in a bundle. */
#define TETHER__RECORD_FILE "record.json"
#define TETHER__STDOUT_FILE "stdout"
#define TETHER__STDERR_FILE "stderr"
#define TETHER__PIPESTATUS_FILE "pipestatus"

/* Opens a task's bundle; TETHER_ENOTASK where there is none. The caller closes it. */
int tether__bundle_open(const tether__session *session, const char *task_id, tether__dir **bundle,
                        tether_error *error);

/* Reads a record into an initialised one. TETHER_ENOTASK: no such task (any more); TETHER_ECORRUPT.
 */
int tether__bundle_load(const tether__session *session, const char *task_id, tether__record *record,
                        tether__file_stamp *stamp, tether_error *error);

/* The stamp of the record on disk. */
int tether__bundle_stamp(const tether__session *session, const char *task_id,
                         tether__file_stamp *stamp, tether_error *error);

/* Writes a record; TETHER_EREADONLY for one of a newer schema. stamp receives what was written. */
int tether__bundle_save(const tether__session *session, tether__record *record,
                        tether__file_stamp *stamp, tether_error *error);

/* Looks at lifeline, marker and processes of a task, in the order that the protocol demands.
 * Nothing is changed. `child` (pid 0: not known) stands for a supervisor that this process started
 * and that has not said yet who it is. */
void tether__bundle_observe(const tether__session *session, const tether__record *record,
                            const tether__identity *child, bool replay,
                            tether__observation *observed);

/* Whether no live process of the task is left, given what was seen of its supervisor; by a listing
 * of all processes, or by one that was made for many tasks (listing NULL: there is none): ask for
 * tasks that are being killed only. */
bool tether__bundle_tree_empty(const tether__record *record, const tether__identity *child,
                               const tether__observation *observed, const tether__listing *listing);

/* Removes the record: nothing of the task is visible any more. */
void tether__bundle_remove_record(const tether__session *session, const char *task_id);

/* Removes bundle and marker. The record goes first: without it, what is left counts as a leftover.
 * Then the lifeline: a host that was about to start this task sees by it that it must begin anew.
 */
int tether__bundle_remove(const tether__session *session, const char *task_id, tether_error *error);

/* Moves bundle and marker of a damaged task to the quarantine, with a file that tells the reason.
 */
int tether__bundle_quarantine(const tether__session *session, const char *task_id,
                              const char *reason, tether_error *error);

/* Moves only a damaged marker there; its task is lost and keeps its bundle. */
int tether__marker_quarantine(const tether__session *session, const char *task_id,
                              const char *reason, tether_error *error);

#endif
