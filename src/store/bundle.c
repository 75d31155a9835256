/* Owns the files of one task: its record, its marker, and their move to the quarantine.
 * Must not: decide the state of a task, or take the session lock (its callers do).
 * Thread: any; callers that write a record hold the session lock. */
#include "store/bundle.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/journal.h"
#include "format/record_birth.h"
#include "format/record_read.h"
#include "format/record_scan.h"
#include "format/record_write.h"
#include "os/child_start.h"
#include "os/clock.h"
#include "os/lifeline.h"
#include "os/signal.h"
#include "os/temporary.h"
#include "store/archive.h"
#include "store/ledger.h"
#include "store/ledger_append.h"
#include "store/ledger_read.h"
#include "store/shared.h"

static const char write_step[] = "write record";

enum { LINES_OF_A_MARKER = 4 }; /* that a supervisor may write one right after the other */

int tether__bundle_result(const tether__session *session, const char *task_id, int code,
                          tether_error *error)
{
    if (code != TETHER_EGONE || tether__os_dir_check(session->tasks, NULL) != TETHER_OK)
        return code;
    return tether__fail(error, TETHER_ENOTASK, 0, "find task",
                        "task %s was removed; tether list --all shows the tasks that are left",
                        task_id);
}

int tether__bundle_open(const tether__session *session, const char *task_id, tether__dir **bundle,
                        tether_error *error)
{
    int code = tether__os_dir_open(session->tasks, task_id, false, bundle, error);
    if (code == TETHER_ENOTASK)
        return tether__session_fail_task(session, task_id, error);
    return code;
}

/* Moves a time from one clock to another. 0 stays "not known", and no known time becomes it. */
static void shift(int64_t *time_ms, int64_t by_ns)
{
    int64_t shifted = *time_ms + by_ns / 1000000;
    if (*time_ms > 0 && by_ns != 0)
        *time_ms = shifted > 0 ? shifted : 1;
}

/* Converts the times of a record from the machine's clocks, by which they are on the disk, to those
 * of this process (sign 1), or back (sign -1). */
static void shift_record(tether__record *record, const tether__clock_frame *own, int sign)
{
    shift(&record->deadline_monotonic_ms, sign * own->monotonic_ns);
    shift(&record->kill_takeover_ms, sign * own->monotonic_ns);
    shift(&record->started_uptime_ms, sign * own->boot_ns);
    shift(&record->finished_uptime_ms, sign * own->boot_ns);
    shift(&record->alive_uptime_ms, sign * own->boot_ns);
}

/* What this changes are the numbers: the texts name the place where they are valid. */
static void localise(tether__record *record, const tether__clock_frame *own)
{
    tether__identity identity = tether__record_identity(record);
    tether__os_process_localise(&identity, own);
    record->identity.start_time = identity.start_time;
    record->identity.time_offset_ns = identity.time_offset_ns;
}

/* Reads the newest document of a task, from the journal or else from an archive. A stamp from the
 * journal is never like one from an archive, which has a size. */
static int read_document(const tether__session *session, const char *task_id, json_t **document,
                         tether__file_stamp *stamp, tether_error *error)
{
    tether_error problem = {0};
    int code = tether__ledger_read(session, task_id, document, stamp, &problem);
    if (code == TETHER_ENOTASK && !tether__ledger_removed(session, task_id)) {
        int found = tether__archive_find(session, task_id, document, stamp, &problem);
        if (found != TETHER_ENOTASK)
            code = found;
    }
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* Converts the times of a record that was read. */
static int to_process(const tether__session *session, tether__record *record, tether_error *error)
{
    tether__clock_frame own;
    int code = tether__here_frame(&session->store->here, &own, error);
    if (code != TETHER_OK)
        return code;
    shift_record(record, &own, 1);
    localise(record, &own);
    return TETHER_OK;
}

int tether__bundle_look(const tether__session *session, const char *text, size_t size,
                        const char *task_id, tether__record *record, tether_error *error)
{
    int code = TETHER_OK;
    if (!tether__record_scan(text, size, task_id, record)) {
        tether__record_dispose(record);
        code = tether__record_parse(text, size, task_id, record, error);
    }
    return code == TETHER_OK ? to_process(session, record, error) : code;
}

int tether__bundle_take(const tether__session *session, json_t *document, const char *task_id,
                        tether__record *record, tether_error *error)
{
    int code = tether__record_read(document, task_id, record, error);
    if (code == TETHER_OK)
        code = to_process(session, record, error);
    if (code == TETHER_OK)
        tether__shared_lighten(session, record);
    return code;
}

int tether__bundle_load(const tether__session *session, const char *task_id, tether__record *record,
                        tether__file_stamp *stamp, tether_error *error)
{
    json_t *document;
    tether__file_stamp unused;
    int code = read_document(session, task_id, &document, stamp != NULL ? stamp : &unused, error);
    return code == TETHER_OK ? tether__bundle_take(session, document, task_id, record, error)
                             : code;
}

int tether__bundle_stamp(const tether__session *session, const char *task_id,
                         tether__file_stamp *stamp, tether_error *error)
{
    json_t *document;
    tether_error problem = {0};
    int code = tether__ledger_stamp(session, task_id, stamp, &problem);
    if (code == TETHER_ENOTASK && !tether__ledger_removed(session, task_id)) {
        int found = tether__archive_find(session, task_id, &document, stamp, &problem);
        if (found == TETHER_OK)
            json_decref(document);
        if (found != TETHER_ENOTASK)
            code = found;
    }
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* Appends the whole record of a task that is in an archive, which brings the task back.
 * TETHER_ENOTASK: it was removed. */
static int append_again(const tether__session *session, const tether__record *record,
                        tether_error *error)
{
    json_t *archived;
    tether__file_stamp stamp;
    int code = tether__archive_find(session, record->task_id, &archived, &stamp, error);
    if (code == TETHER_ENOTASK)
        return tether__fail(error, code, 0, "find task",
                            "task %s was removed; tether list --all shows the tasks that are left",
                            record->task_id);
    if (code != TETHER_OK)
        return code;
    json_t *document = tether__record_document_over(record, archived);
    if (document != NULL && json_object_set_new(document, "again", json_true()) == 0)
        code = tether__ledger_append(session, document, error);
    else
        code = tether__fail_memory(error, write_step);
    json_decref(document);
    json_decref(archived);
    return code;
}

/* Appends a line, which it releases, if that has more than the id. */
static int append_line(const tether__session *session, json_t *line, tether_error *error)
{
    int code = json_object_size(line) > 1 ? tether__ledger_append(session, line, error) : TETHER_OK;
    json_decref(line);
    return code;
}

/* Appends what distinguishes the record from `before`, if anything does. */
static int append_difference(const tether__session *session, const tether__record *record,
                             json_t *before, tether_error *error)
{
    json_t *after = tether__record_document_over(record, before);
    json_t *line = after != NULL ? tether__journal_difference(before, after) : NULL;
    json_decref(after);
    return line != NULL ? append_line(session, line, error)
                        : tether__fail_memory(error, write_step);
}

/* Appends what has changed: since `kept`, or else since what the journal has. */
static int append_change(const tether__session *session, tether__record *record,
                         const tether__record *kept, tether_error *error)
{
    json_t *before = NULL;
    json_t *line = kept != NULL ? tether__record_changes(kept, record) : NULL;
    if (line != NULL)
        return append_line(session, line, error);
    tether_error problem = {0};
    int code = tether__ledger_read(session, record->task_id, &before, NULL, &problem);
    if (code == TETHER_ENOTASK)
        return append_again(session, record, error);
    if (code == TETHER_OK)
        code = append_difference(session, record, before, &problem);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    json_decref(before);
    return code;
}

static int append_first(const tether__session *session, tether__record *record,
                        const tether__record *kept, tether_error *error)
{
    tether__text line = {0};
    (void)kept;
    tether__text_add(&line, "\n", 1);
    bool complete = tether__record_birth_line(record, &line);
    tether__text_add(&line, "\n", 1);
    int code = complete && !line.failed
                   ? tether__ledger_append_text(session, line.bytes, line.size, error)
                   : tether__fail_memory(error, write_step);
    tether__text_dispose(&line);
    if (code == TETHER_OK)
        tether__shared_lighten(session, record);
    return code;
}

/* Converts the times of a record to the machine's clocks, to write it. */
static void to_machine(tether__record *record, const tether__clock_frame *own)
{
    shift_record(record, own, -1);
    record->identity.time_offset_ns = record->identity.pid != 0 ? own->boot_ns : 0;
}

/* Writes a record as `append` does, with its times by the machine's clocks meanwhile. */
static int save(const tether__session *session, tether__record *record, tether__record *kept,
                int (*append)(const tether__session *session, tether__record *record,
                              const tether__record *kept, tether_error *error),
                tether__file_stamp *stamp, tether_error *error)
{
    tether__clock_frame own;
    int code = tether__here_frame(&session->store->here, &own, error);
    if (code != TETHER_OK)
        return code;
    to_machine(record, &own);
    if (kept != NULL)
        to_machine(kept, &own);
    code = append(session, record, kept, error);
    shift_record(record, &own, 1);
    /* Nobody has appended since: the caller holds the session lock. */
    if (code != TETHER_OK || tether__ledger_recall(session, record->task_id, stamp))
        return code;
    return tether__bundle_stamp(session, record->task_id, stamp, error);
}

int tether__bundle_create(const tether__session *session, tether__record *record,
                          tether__file_stamp *stamp, tether_error *error)
{
    return save(session, record, NULL, append_first, stamp, error);
}

int tether__bundle_save(const tether__session *session, tether__record *record,
                        tether__record *kept, tether__file_stamp *stamp, tether_error *error)
{
    if (record->read_only)
        return tether__fail(
            error, TETHER_EREADONLY, 0, "write record",
            "task %s was written by a newer version of tether; use that version to change it",
            record->task_id);
    return save(session, record, kept, append_change, stamp, error);
}

/* Reads the lifeline with the time of its last line. The time is asked for before the lines are
 * read: if one came in between, it would be that of the line before. */
static int read_lifeline(const tether__session *session, const char *task_id, char **text,
                         size_t *size, tether__file_stamp *stamp, tether_error *error)
{
    int code = TETHER_OK;
    for (int tries = 0; tries < LINES_OF_A_MARKER; tries++) {
        code = tether__os_file_read(session->exits, task_id, TETHER__MARKER_LIMIT, text, size,
                                    stamp, error);
        if (code != TETHER_OK || stamp->size == *size)
            return code;
        if (tries + 1 < LINES_OF_A_MARKER)
            free(*text);
    }
    return code;
}

/* Reads the marker. Only a marker that was read whole, or that is nothing that a supervisor wrote
 * (a link, a directory, a file that is too large), is known to be damaged. After any other failure,
 * such as a lack of descriptors, it is not known what the marker says: the call fails, and the
 * caller tries again later. */
static int read_marker(const tether__session *session, const char *task_id, tether__marker *marker,
                       tether_error *error)
{
    char *text;
    size_t size;
    tether__file_stamp stamp;
    tether__clock_frame own;
    tether_error problem = {0};
    int code = tether__here_frame(&session->store->here, &own, &problem);
    if (code == TETHER_OK)
        code = read_lifeline(session, task_id, &text, &size, &stamp, &problem);
    *marker = TETHER__NO_MARKER;
    switch (code) {
    case TETHER_OK:
        tether__marker_parse(text, size, marker);
        tether__os_process_localise(&marker->identity, &own);
        shift(&marker->uptime_ms, own.boot_ns);
        marker->modified_at = stamp.mtime_ns / 1000000;
        free(text);
        return TETHER_OK;
    case TETHER_ECORRUPT:
    case TETHER_ETOOBIG:
        marker->present = marker->damaged = true;
        return TETHER_OK;
    case TETHER_ENOTASK:
        return TETHER_OK;
    default:
        return tether__fail(error, code, problem.os_error, "read exit marker",
                            "the exit marker of task %s cannot be read, so it is not known whether "
                            "the task has ended: %.300s",
                            task_id, problem.message);
    }
}

/* Stores when the task last showed a sign of life: its output grew, or its marker was written. */
static int last_activity_ms(const tether__session *session, const tether__record *record,
                            const tether__marker *marker, int64_t *last, tether_error *error)
{
    static const char *const files[] = {TETHER__STDOUT_FILE, TETHER__STDERR_FILE};
    tether__dir *bundle;
    *last = marker->modified_at > record->started_at ? marker->modified_at : record->started_at;
    int code = tether__bundle_open(session, record->task_id, &bundle, error);
    if (code != TETHER_OK)
        return code;
    for (int i = 0; code == TETHER_OK && i < 2; i++) {
        tether__file_stamp stamp;
        tether_error problem = {0};
        code = tether__os_file_stamp(bundle, files[i], &stamp, &problem);
        if (code == TETHER_OK && stamp.mtime_ns / 1000000 > *last)
            *last = stamp.mtime_ns / 1000000;
        if (code == TETHER_ENOTASK)
            code = TETHER_OK;
        else if (code != TETHER_OK)
            tether__error_set(error, &problem);
    }
    tether__os_dir_close(bundle);
    return tether__bundle_result(session, record->task_id, code, error);
}

/* Stores how long the task has been silent. File times come from the wall clock, which somebody may
 * set; so the result never exceeds the time since the task started, by the uptime. */
static int measure_silence(const tether__session *session, const tether__record *record,
                           tether__observation *observed, tether_error *error)
{
    int64_t last;
    int code = last_activity_ms(session, record, &observed->marker, &last, error);
    if (code != TETHER_OK)
        return code;
    int64_t by_wall = tether__os_wall_ms() - last;
    int64_t lifetime = tether__os_uptime_ms() - record->started_uptime_ms;
    bool known = observed->same_boot && record->started_uptime_ms > 0;
    observed->silence_ms = known && lifetime < by_wall ? lifetime : by_wall;
    return TETHER_OK;
}

static tether__identity supervisor_of(const tether__record *record,
                                      const tether__observation *observed,
                                      const tether__identity *child)
{
    /* Its own child a host knows by a pid that is valid for this host in any case. */
    if (child->pid != 0)
        return *child;
    if (record->identity.pid != 0)
        return tether__record_identity(record);
    return observed->marker.identity;
}

/* Adds the start time to the identity in the marker, for a supervisor that can write only its pid
 * because it cannot find out its own start time. The host that started the supervisor knows that
 * time. Any other host asks the system for the start time of the process that has the pid now, and
 * then probes the lifeline: if the lifeline is still held, the supervisor was alive when the system
 * answered; therefore the answer was for the supervisor. */
static void complete_identity(const tether__session *session, const tether__record *record,
                              const tether__identity *child, tether__observation *observed)
{
    tether__identity *claimed = &observed->marker.identity;
    char boot_id[TETHER__BOOT_ID_SIZE], pid_ns[TETHER__PID_NS_SIZE];
    bool held = false;
    if (claimed->pid == 0 || claimed->start_time != 0)
        return;
    if (child->pid == claimed->pid && strcmp(child->pid_ns, claimed->pid_ns) == 0) {
        claimed->start_time = tether__child_start_time(child);
        return;
    }
    tether__here_boot_id(&session->store->here, boot_id);
    tether__here_pid_ns(&session->store->here, pid_ns);
    if (record->identity.pid != 0 || observed->holding != TETHER__HELD ||
        strcmp(claimed->boot_id, boot_id) != 0 || strcmp(claimed->pid_ns, pid_ns) != 0)
        return;
    uint64_t start_time = tether__os_process_start_time(claimed->pid);
    if (tether__os_lifeline_held(session->exits, record->task_id, &held, NULL) == TETHER_OK && held)
        claimed->start_time = start_time;
}

void tether__bundle_tree(const tether__record *record, tether__kin *kin, tether__tree *tree)
{
    *tree = (tether__tree){.task_id = record->task_id,
                           .supervisor = tether__record_identity(record),
                           .monitored = tether__record_is_monitored(record),
                           .kin = kin};
    tether__kin_see(kin, record->alive_uptime_ms);
}

bool tether__bundle_tree_empty(const tether__record *record, const tether__identity *child,
                               const tether__observation *observed, const tether__listing *listing,
                               tether__kin *kin)
{
    size_t count = 0;
    /* The supervisor of a proxy task is a host; the processes of that host do not belong to the
     * task. */
    if (tether__record_is_proxy(record))
        return true;
    /* The supervisor itself is a live process of the task. */
    if (observed->holding == TETHER__HELD && observed->alive == TETHER__ALIVE)
        return false;
    if (observed->marker.alone && !observed->marker.damaged)
        return true;
    tether__tree tree;
    tether__bundle_tree(record, kin, &tree);
    tree.supervisor = supervisor_of(record, observed, child);
    tree.lifeline_held = observed->holding == TETHER__HELD;
    tree.listing = listing;
    /* A task of another pid namespace cannot be listed at all: its supervisor stands for the whole
     * tree. A listing that failed for another reason, such as lack of memory or descriptors, proves
     * nothing. */
    int code = tether__os_tree_survivors(&tree, NULL, 0, &count, NULL);
    if (code == TETHER_EFOREIGN)
        return observed->holding == TETHER__FREE;
    /* Another process may be killing the tree while this listing reads one process after the other.
     * A member that forked after the listing had begun, and then died, is missing from the listing,
     * and so is its child. A second listing finds the child. The shared listing of a round
     * (engine/kill_rounds.c) needs no second one: the driver of the rounds is what kills these
     * tasks, and that driver sends signals only between two listings. */
    if (code == TETHER_OK && count == 0 && listing == NULL)
        code = tether__os_tree_survivors(&tree, NULL, 0, &count, NULL);
    return code == TETHER_OK && count == 0;
}

/* Reads the marker and completes the identity in it. */
static int observe_marker(const tether__session *session, const tether__record *record,
                          const tether__identity *child, tether__observation *observed,
                          tether_error *error)
{
    int code = read_marker(session, record->task_id, &observed->marker, error);
    if (code == TETHER_OK)
        complete_identity(session, record, child, observed);
    return code;
}

/* Returns whether a failed probe of the lifeline may pass. A file system without locks, or
 * something else in the place of the lifeline, fails every probe. */
static bool may_pass(int code)
{
    return code != TETHER_OK && code != TETHER_ENOTSUP && code != TETHER_ECORRUPT;
}

/* Whether an exit line decides: it tells more than the supervisor's process, which lives a little
 * longer. During a kill that process counts, because the task must have none left. */
static bool exit_line_decides(const tether__record *record, const tether__marker *marker)
{
    return record->status != TETHER_STATUS_KILLING && tether__marker_has_end(marker);
}

/* Probes the supervisor. *probed: the result of the probe of its lifeline, with *problem. */
static int probe_supervisor(const tether__session *session, const tether__record *record,
                            const tether__identity *child, tether__observation *observed,
                            int *probed, tether_error *problem, tether_error *error)
{
    bool held;
    *probed = tether__os_lifeline_held(session->exits, record->task_id, &held, problem);
    observed->holding = *probed != TETHER_OK ? TETHER__HOLDING_UNKNOWN
                        : held               ? TETHER__HELD
                                             : TETHER__FREE;
    int code = observe_marker(session, record, child, observed, error);
    if (code != TETHER_OK)
        return code;
    tether__identity supervisor = supervisor_of(record, observed, child);
    supervisor = tether__here_compared(&session->store->here, &supervisor);
    /* A free lock proves that the supervisor has ended. A held lock may be held by another process
     * that inherited the file by accident; therefore the supervisor's process is probed, too. */
    int64_t now = tether__os_uptime_ms();
    if (observed->holding == TETHER__FREE)
        observed->alive = TETHER__GONE;
    else if (!exit_line_decides(record, &observed->marker))
        observed->alive = tether__os_process_alive(&supervisor);
    if (observed->holding == TETHER__HELD && observed->alive == TETHER__ALIVE)
        observed->supervisor_seen_ms = now;
    /* The supervisor may have written its exit line after the marker was read and before its
     * process was probed. The process has exited now; therefore the marker is complete. */
    if (observed->holding != TETHER__FREE && observed->alive == TETHER__GONE)
        code = observe_marker(session, record, child, observed, error);
    return code;
}

int tether__bundle_observe(const tether__session *session, const tether__record *record,
                           const tether__identity *child, tether__look look,
                           tether__observation *observed, tether_error *error)
{
    char boot_id[TETHER__BOOT_ID_SIZE];
    int probed = TETHER_OK;
    tether_error problem = {0};
    *observed =
        (tether__observation){.replay = look == TETHER__LOOK_OPENING,
                              .holding = TETHER__HOLDING_UNKNOWN,
                              .alive = TETHER__UNKNOWN,
                              .distinguishes_signals = tether__record_is_proxy(record) ||
                                                       (tether__record_is_monitored(record) &&
                                                        tether__os_signal_is_told()),
                              .signal_polite = tether__os_signal_polite(),
                              .signal_final = tether__os_signal_final(),
                              .polite_code = tether__os_signal_polite_code()};
    int code = TETHER_OK;
    /* First, where it is likely to have an exit line: then there is nothing left to probe. */
    if (look == TETHER__LOOK_FOR_END)
        code = observe_marker(session, record, child, observed, error);
    if (code == TETHER_OK && !exit_line_decides(record, &observed->marker))
        code = probe_supervisor(session, record, child, observed, &probed, &problem, error);
    if (code != TETHER_OK)
        return code;

    /* The end that is found is final, and another one after a reboot. */
    if (!tether__here_boot_id(&session->store->here, boot_id) && record->boot_id[0] != '\0')
        return tether__fail(error, TETHER_ELIMIT, 0, "inspect task",
                            "the id of this boot cannot be read, so it is not known whether task "
                            "%s was started during it; raise the limit of descriptors (ulimit -n)",
                            record->task_id);
    observed->same_boot =
        boot_id[0] == '\0' || record->boot_id[0] == '\0' || strcmp(boot_id, record->boot_id) == 0;
    if (observed->same_boot && tether__marker_has_end(&observed->marker) &&
        observed->marker.uptime_ms > observed->supervisor_seen_ms)
        observed->supervisor_seen_ms = observed->marker.uptime_ms;
    if (exit_line_decides(record, &observed->marker) ||
        observed->holding != TETHER__HOLDING_UNKNOWN || observed->alive != TETHER__UNKNOWN)
        return TETHER_OK;
    /* A probe that may succeed later is no reason to believe the silence. */
    if (may_pass(probed)) {
        tether__error_set(error, &problem);
        return probed;
    }
    return measure_silence(session, record, observed, error);
}

/* The supervisor of a proxy task is a host, which may fork with its lifelines open. */
bool tether__bundle_may_vouch(const tether__record *record)
{
    bool runs = record->status == TETHER_STATUS_RUNNING || record->status == TETHER_STATUS_PAUSED;
    return runs && !tether__record_is_proxy(record);
}

bool tether__bundle_vouched(const tether__session *session, const tether__record *record)
{
    char text[TETHER__MARKER_LIMIT + 1];
    tether__marker marker;
    if (!tether__bundle_may_vouch(record))
        return false;
    size_t size = tether__os_lifeline_read_held(session->exits, record->task_id, text, sizeof text);
    tether__marker_parse(text, size, &marker);
    return size <= TETHER__MARKER_LIMIT && marker.identity.pid != 0 &&
           marker.end == TETHER__END_NONE && !marker.damaged && !marker.unfinished;
}

/* Stores the size of a file, 0 if there is none. */
static int size_of(tether__dir *dir, const char *name, uint64_t *size, tether_error *error)
{
    tether__file_stamp stamp;
    tether_error problem = {0};
    int code = tether__os_file_stamp(dir, name, &stamp, &problem);
    *size = code == TETHER_OK ? stamp.size : 0;
    if (code == TETHER_OK || code == TETHER_ENOTASK || code == TETHER_EGONE)
        return TETHER_OK;
    tether__error_set(error, &problem);
    return code;
}

int tether__bundle_ran(const tether__session *session, const char *task_id, bool *ran,
                       tether_error *error)
{
    static const char *const files[] = {TETHER__STDOUT_FILE, TETHER__STDERR_FILE};
    uint64_t total, size;
    tether__dir *bundle;
    tether_error problem = {0};
    int code = size_of(session->exits, task_id, &total, error);
    if (code != TETHER_OK)
        return code;
    code = tether__os_dir_open(session->tasks, task_id, false, &bundle, &problem);
    for (int i = 0; code == TETHER_OK && i < 2; i++) {
        code = size_of(bundle, files[i], &size, &problem);
        total += size;
    }
    tether__os_dir_close(bundle);
    *ran = total > 0;
    if (code == TETHER_OK || code == TETHER_ENOTASK)
        return TETHER_OK;
    tether__error_set(error, &problem);
    return code;
}

int tether__bundle_remove_record(const tether__session *session, const char *task_id,
                                 bool unstarted, tether_error *error)
{
    tether__file_stamp stamp;
    tether_error problem = {0};
    int code = tether__ledger_stamp(session, task_id, &stamp, &problem);
    if (code == TETHER_ENOTASK)
        return TETHER_OK;
    if (code == TETHER_OK) {
        json_t *line = tether__journal_removal(task_id, unstarted);
        code = line != NULL ? tether__ledger_append(session, line, &problem)
                            : tether__fail_memory(&problem, "remove task");
        json_decref(line);
    }
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

int tether__bundle_discard(const tether__session *session, const char *task_id, tether_error *error)
{
    char hidden[sizeof TETHER__TEMPORARY_PREFIX + TETHER_ID_SIZE];
    snprintf(hidden, sizeof hidden, TETHER__TEMPORARY_PREFIX "%s", task_id);
    /* The hidden name may be there already, after an interruption. */
    int code = TETHER_OK;
    if (tether__os_move(session->tasks, task_id, session->tasks, hidden, NULL) != TETHER_OK)
        code = tether__os_dir_remove(session->tasks, task_id, error);
    return code == TETHER_OK ? tether__os_dir_remove(session->tasks, hidden, error) : code;
}

/* The bundle goes first: an archive may have an older record of the task, so that a task whose
 * removal line a compaction has dropped would come back; and on a full disk, this makes room for
 * the line. */
static int remove_parts(const tether__session *session, const char *task_id, bool unstarted,
                        tether_error *error)
{
    int code = tether__bundle_discard(session, task_id, error);
    if (code == TETHER_OK)
        code = tether__bundle_remove_record(session, task_id, unstarted, error);
    if (code == TETHER_OK)
        code = tether__os_file_remove(session->exits, task_id, error);
    return code;
}

int tether__bundle_remove(const tether__session *session, const char *task_id, tether_error *error)
{
    return remove_parts(session, task_id, false, error);
}

int tether__bundle_undo(const tether__session *session, const char *task_id, tether_error *error)
{
    return remove_parts(session, task_id, true, error);
}
