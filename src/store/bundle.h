/* One task on disk: its bundle, its record (in the journal, or else in an archive) and its marker.
 * Callers that write a record hold the session lock. */
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
#define TETHER__STDOUT_FILE "stdout"
#define TETHER__STDERR_FILE "stderr"
#define TETHER__PIPESTATUS_FILE "pipestatus"

/* Opens the bundle of a task. TETHER_ENOTASK: there is none. The caller closes it. */
int tether__bundle_open(const tether__session *session, const char *task_id, tether__dir **bundle,
                        tether_error *error);

/* Reads the record into an initialised struct. stamp may be NULL. TETHER_ENOTASK: the task does not
 * exist, or was removed; TETHER_ECORRUPT. */
int tether__bundle_load(const tether__session *session, const char *task_id, tether__record *record,
                        tether__file_stamp *stamp, tether_error *error);

/* Reads a line of an archive into an initialised record that is only looked at, as
 * tether__record_scan has it. TETHER_ECORRUPT. */
int tether__bundle_look(const tether__session *session, const char *text, size_t size,
                        const char *task_id, tether__record *record, tether_error *error);

/* Takes a document from the journal or an archive, which the record owns from then on, into an
 * initialised record. TETHER_ECORRUPT. */
int tether__bundle_take(const tether__session *session, struct json_t *document,
                        const char *task_id, tether__record *record, tether_error *error);

/* Stores the stamp of the record on disk. */
int tether__bundle_stamp(const tether__session *session, const char *task_id,
                         tether__file_stamp *stamp, tether_error *error);

/* Returns the code of a call on an open bundle. If that is TETHER_EGONE because the bundle was
 * removed after it was opened, the task was removed: returns TETHER_ENOTASK and fills *error,
 * unless the whole session was removed. */
int tether__bundle_result(const tether__session *session, const char *task_id, int code,
                          tether_error *error);

/* Writes the first record of a task, which makes it visible to all hosts, and stores its stamp. */
int tether__bundle_create(const tether__session *session, tether__record *record,
                          tether__file_stamp *stamp, tether_error *error);

/* Writes what has changed in the record and stores its new stamp. `kept` is what
 * tether__record_keep has copied when the record was as it was last read or written; afterwards it
 * can only be released. NULL: that is not known, and the journal is read for it. TETHER_EREADONLY:
 * the record has a newer schema. */
int tether__bundle_save(const tether__session *session, tether__record *record,
                        tether__record *kept, tether__file_stamp *stamp, tether_error *error);

/* Why a task is inspected. */
typedef enum tether__look {
    TETHER__LOOK_NOW,
    TETHER__LOOK_OPENING, /* the host opens the session */
    TETHER__LOOK_FOR_END  /* the supervisor has just written something, or exited */
} tether__look;

/* Inspects the lifeline, the marker and the supervisor of a task, in the order that the protocol
 * demands. Changes nothing. An exit line decides alone, unless the task is being killed. `child`
 * (pid 0: unknown) is the supervisor that this process has started; it is used until the supervisor
 * has written its own identity. Fails if something that decides the state of the task cannot be
 * read now, such as for lack of descriptors: then nothing may be concluded, and the caller tries
 * again later. */
int tether__bundle_observe(const tether__session *session, const tether__record *record,
                           const tether__identity *child, tether__look look,
                           tether__observation *observed, tether_error *error);

/* Returns whether a task is one of which a held lifeline, or the lack of events, can tell that it
 * still runs. */
bool tether__bundle_may_vouch(const tether__record *record);

/* Returns whether a task runs by its lifeline alone, which one look at a single file shows. False:
 * it may run all the same, and tether__bundle_observe has to tell. True also if the supervisor has
 * died without an exit line while another process has inherited the lifeline by accident. */
bool tether__bundle_vouched(const tether__session *session, const tether__record *record);

/* Stores the tree of a task as far as its record describes it, with `kin` as its memory: notes
 * there when the supervisor was alive, by the record. */
void tether__bundle_tree(const tether__record *record, tether__kin *kin, tether__tree *tree);

/* Returns whether no live process is left that is the task's or may be, given an observation of its
 * supervisor. Uses `listing`, which covers many tasks, or lists the processes itself (NULL), and
 * remembers in `kin` which are the task's. Listing is expensive: call this only for tasks that are
 * being killed. */
bool tether__bundle_tree_empty(const tether__record *record, const tether__identity *child,
                               const tether__observation *observed, const tether__listing *listing,
                               tether__kin *kin);

/* Stores whether the files of a task show that its supervisor was started: its lifeline has a line,
 * or it has output. */
int tether__bundle_ran(const tether__session *session, const char *task_id, bool *ran,
                       tether_error *error);

/* Removes the record, which makes the task invisible to all hosts. A missing one is no error. A
 * task that is removed as `unstarted` does not count as one that was started. */
int tether__bundle_remove_record(const tether__session *session, const char *task_id,
                                 bool unstarted, tether_error *error);

/* Removes the bundle, under another name if possible, so that an interruption leaves no part of it.
 * An ended task without a bundle is a removed one. A missing bundle is no error. */
int tether__bundle_discard(const tether__session *session, const char *task_id,
                           tether_error *error);

/* Removes the bundle, the record, and the lifeline with its marker, in this order, until one cannot
 * be removed. The next collection removes the rest if this call fails or is interrupted. */
int tether__bundle_remove(const tether__session *session, const char *task_id, tether_error *error);

/* As tether__bundle_remove, for a task that was never started: it does not count as one that was.
 */
int tether__bundle_undo(const tether__session *session, const char *task_id, tether_error *error);

#endif
