/* Owns reading records from the disk into the catalog, inspecting tasks, and writing what that
 * changes.
 * Must not: send signals, use the loop, or hold `state` while it touches the disk.
 * Thread: any; the caller holds the catalog's `disk`. */
#include "engine/refresh.h"

#include <string.h>

#include "base/error.h"
#include "engine/outcome.h"
#include "format/status.h"
#include "os/child_start.h"
#include "os/clock.h"
#include "os/lifeline.h"
#include "os/spawn.h"
#include "store/compact.h"
#include "store/ledger.h"
#include "store/output_cap.h"
#include "store/quarantine.h"
#include "store/shared.h"

enum {
    RUN_PAUSE_MS = 50, /* from an event until `running` is written: many tasks end sooner */
    RUN_STEP_MS = 10,
    WITNESS_PAUSE_MS = 200, /* between two looks at a command whose monitor was killed */
    /* How long the end of a pinned command may stay untold: init is slow, or none. A kill waits for
     * it, and its intent explains the end. */
    UNTOLD_MS = 30000,
    UNTOLD_KILL_MS = 1000
};

/* Reads the record if it has changed since the entry's record was read or written. */
static int reload(tether__catalog *catalog, tether__entry *entry, tether_error *error)
{
    tether__file_stamp stamp;
    int code = tether__bundle_stamp(catalog->session, entry->id, &stamp, error);
    if (code != TETHER_OK)
        return code;
    if (memcmp(&stamp, &entry->stamp, sizeof stamp) == 0)
        return TETHER_OK;
    tether__record fresh;
    tether__record_init(&fresh);
    code = tether__bundle_load(catalog->session, entry->id, &fresh, &stamp, error);
    if (code != TETHER_OK) {
        tether__record_dispose(&fresh);
        return code;
    }
    tether__record_dispose(&entry->record);
    entry->record = fresh;
    entry->stamp = stamp;
    entry->unsaved = false;
    entry->exact = true;
    return TETHER_OK;
}

bool tether__refresh_round_is_conclusive(tether__catalog *catalog, tether__entry *entry)
{
    if (entry->supervisor_done_at == 0)
        entry->supervisor_done_at = ++catalog->logical_clock;
    return catalog->round != NULL && entry->supervisor_done_at < catalog->round->began_at;
}

/* Returns whether no process is left of a task that is being killed. In rounds, only a listing that
 * began after the supervisor was found done proves that: an older one may lack the process that the
 * supervisor started last. */
static bool tree_is_empty(tether__catalog *catalog, tether__entry *entry, tether__driver driver,
                          const tether__identity *child, const tether__observation *observed)
{
    if (entry->tree_gone)
        return true;
    if (entry->signalling > 0)
        return false;
    if (driver != TETHER__DRIVER_ROUNDS)
        return tether__bundle_tree_empty(&entry->record, child, observed, NULL, &entry->kin);
    return entry->supervisor_done_at != 0 && tether__refresh_round_is_conclusive(catalog, entry) &&
           tether__bundle_tree_empty(&entry->record, child, observed, catalog->round->listing,
                                     &entry->kin);
}

/* Notes in the entry whether the supervisor is done, which means that it cannot start another
 * process, and returns whether the tree of a task that is being killed is empty (false for any
 * other task). If this inspection does not confirm that the supervisor is done, such as after a
 * probe that failed, clears what an earlier inspection has noted: only a listing that begins after
 * the last doubt is a proof. Once the supervisor is gone and the tree is empty, the tree stays
 * empty and is not listed again. */
static bool inspect_tree(tether__catalog *catalog, tether__entry *entry, tether__driver driver,
                         const tether__identity *child, const tether__observation *observed)
{
    bool gone = observed->holding == TETHER__FREE || observed->alive == TETHER__GONE;
    bool done = gone || tether__marker_has_end(&observed->marker);
    tether__kin_see(&entry->kin, observed->supervisor_seen_ms);
    if (!done)
        entry->supervisor_done_at = 0;
    else if (entry->supervisor_done_at == 0)
        entry->supervisor_done_at = ++catalog->logical_clock;
    if (entry->record.status != TETHER_STATUS_KILLING)
        return false;
    bool empty = tree_is_empty(catalog, entry, driver, child, observed);
    entry->tree_gone = gone && empty;
    return empty;
}

/* Asks the command itself, after the death of its monitor: it is pinned as long as it lives, and
 * not before, so that no descriptor is needed for a task that nothing has happened to. */
static void consult_witness(const tether__catalog *catalog, tether__entry *entry,
                            tether__observation *observed)
{
    if (!tether__verdict_wants_witness(observed) || !tether__record_is_monitored(&entry->record))
        return;
    if (entry->witness.pinned == 0 &&
        !tether__os_witness_open(catalog->session->exits, entry->id, &entry->witness))
        return;
    int64_t patience_ms =
        entry->record.status == TETHER_STATUS_KILLING ? UNTOLD_KILL_MS : UNTOLD_MS;
    observed->witnessed = tether__os_witness_ask(
        &entry->witness, patience_ms, &observed->witnessed_value, &observed->witnessed_core);
}

/* What an inspection has found. */
typedef struct finding {
    tether__file_stamp stamp; /* of the record by which it was judged */
    tether__observation observed;
    tether__verdict verdict;
} finding;

static tether__look look_of(tether__inspect_mode mode)
{
    if (mode == TETHER__INSPECT_OPENING)
        return TETHER__LOOK_OPENING;
    return mode == TETHER__INSPECT_EVENT ? TETHER__LOOK_FOR_END : TETHER__LOOK_NOW;
}

/* Stores the verdict on a task. Fails if what decides it cannot be read now; see
 * tether__bundle_observe. */
static int inspect(tether__catalog *catalog, tether__entry *entry, tether__inspect_mode mode,
                   finding *found, tether_error *error)
{
    tether__observation *observed = &found->observed;
    found->stamp = entry->stamp;
    uv_mutex_lock(&catalog->state);
    tether__identity child = tether__child_identity(&entry->child);
    if (entry->record.status == TETHER_STATUS_KILLING)
        child.start_time = tether__child_start_time(&child);
    tether__driver driver = entry->driver;
    uv_mutex_unlock(&catalog->state);
    int code = tether__bundle_observe(catalog->session, &entry->record, &child, look_of(mode),
                                      observed, error);
    if (code != TETHER_OK) {
        entry->supervisor_done_at = 0; /* as inspect_tree does after a failed probe */
        return code;
    }
    consult_witness(catalog, entry, observed);
    observed->tree_empty = inspect_tree(catalog, entry, driver, &child, observed);
    found->verdict =
        tether__verdict_reach(entry->record.status, entry->record.kill_intent, observed);
    return TETHER_OK;
}

/* Keeps a damaged marker for people to inspect. A failure does no harm: the record already says
 * lost. */
static void quarantine_marker(const tether__catalog *catalog, const tether__entry *entry,
                              const tether__observation *observed)
{
    if (entry->record.status == TETHER_STATUS_LOST && observed->marker.present &&
        (observed->marker.damaged || observed->marker.unfinished))
        tether__marker_quarantine(catalog->session, entry->id, "corrupt exit marker", NULL);
}

/* Schedules an inspection. Rounds the time up to a multiple of RUN_STEP_MS, so that one pass of the
 * reaper writes many tasks that started one after the other. Takes `state`. */
static void schedule_look(tether__catalog *catalog, tether__entry *entry, int pause_ms)
{
    uv_mutex_lock(&catalog->state);
    if (entry->inspect_at == 0) {
        int64_t due = tether__os_monotonic_ms() + pause_ms;
        entry->inspect_at = due - due % RUN_STEP_MS + RUN_STEP_MS;
    }
    uv_mutex_unlock(&catalog->state);
}

/* Schedules the write of `running`. */
static void schedule_running(tether__catalog *catalog, tether__entry *entry)
{
    schedule_look(catalog, entry, RUN_PAUSE_MS);
}

/* Makes sure that the supervisor runs, and returns whether it does. On Windows a host creates the
 * supervisor suspended, in a job that would end with the host; it then makes the job outlive the
 * host and resumes the supervisor. If that host died in between, does the missing steps in its
 * place (os/spawn.h). Returns false if that host is alive and about to do so itself. Takes `state`.
 */
static bool is_released(tether__catalog *catalog, const tether__entry *entry,
                        const tether__observation *observed)
{
    uv_mutex_lock(&catalog->state);
    bool own = entry->child.pid != 0;
    uv_mutex_unlock(&catalog->state);
    return own || tether__record_is_proxy(&entry->record) ||
           tether__os_spawn_release(entry->id, &observed->marker.identity);
}

/* Whether an inspection would find the same again: nobody takes an exit line back, and the record
 * is the same. What is being killed ends when nothing is left of it, and that can change. */
static bool is_final(const tether__entry *entry, const finding *found)
{
    return found->verdict.step == TETHER__STEP_FINALISE &&
           tether__marker_has_end(&found->observed.marker) &&
           entry->record.status != TETHER_STATUS_KILLING &&
           memcmp(&found->stamp, &entry->stamp, sizeof found->stamp) == 0;
}

/* Lays the verdict on the record and writes what that changes. */
static int save_verdict(const tether__catalog *catalog, tether__entry *entry, const finding *found,
                        tether_error *error)
{
    tether__record kept;
    bool archived = entry->stamp.size != 0; /* the journal has nothing of it */
    bool exact = entry->exact && !archived && tether__record_keep(&entry->record, &kept);
    if (exact && kept.identity.pid == 0)
        kept.child_pid = 0;
    tether__outcome_apply(&entry->record, &found->verdict, &found->observed);
    if (found->verdict.step == TETHER__STEP_FINALISE)
        tether__output_cap_note(catalog->session, &entry->record);
    int code = tether__bundle_save(catalog->session, &entry->record, exact ? &kept : NULL,
                                   &entry->stamp, error);
    entry->exact = code == TETHER_OK;
    if (exact)
        tether__record_release(&kept);
    tether__shared_lighten(catalog->session, &entry->record);
    return code;
}

/* Inspects again, unless `found` is final, because another host may have been faster, and writes
 * the result. The caller holds `disk` and the session lock. */
static int write_verdict(tether__catalog *catalog, tether__entry *entry, tether__inspect_mode mode,
                         finding *found, tether_error *error)
{
    const tether__observation *observed = &found->observed;
    const tether__verdict *verdict = &found->verdict;
    int code = reload(catalog, entry, error);
    if (code != TETHER_OK || tether_status_ended(entry->record.status))
        return code;
    if (!is_final(entry, found))
        code = inspect(catalog, entry, mode, found, error);
    if (code != TETHER_OK)
        return code;
    if (verdict->step != TETHER__STEP_RUN && verdict->step != TETHER__STEP_FINALISE)
        return TETHER_OK;
    if (verdict->step == TETHER__STEP_RUN && !is_released(catalog, entry, observed)) {
        schedule_running(catalog, entry);
        return TETHER_OK;
    }
    if (!tether__status_allows(entry->record.status, verdict->status))
        return tether__fail(error, TETHER_ECORRUPT, 0, "finalise task",
                            "the status of task %s cannot change from %s to %s; tell the project, "
                            "with what tether doctor says",
                            entry->id, tether_status_text(entry->record.status),
                            tether_status_text(verdict->status));
    if (entry->record.read_only)
        return TETHER_OK;
    tether_error problem = {0};
    code = save_verdict(catalog, entry, found, &problem);
    /* The verdict is valid even if the record could not be written, such as to a full disk: the
     * marker stays, and every later inspection finds the same. Each later refresh tries again to
     * write an end. A failed write of `running` is not repeated, because the next write of the
     * record contains it. */
    entry->unsaved = code != TETHER_OK && verdict->step == TETHER__STEP_FINALISE;
    if (code == TETHER_OK && verdict->step == TETHER__STEP_FINALISE)
        quarantine_marker(catalog, entry, observed);
    if (code != TETHER_EGONE)
        return TETHER_OK;
    tether__error_set(error, &problem);
    return code;
}

static int write_verdict_locked(tether__catalog *catalog, tether__entry *entry,
                                tether__inspect_mode mode, finding *found, tether_error *error)
{
    tether__lock lock;
    int code = tether__session_lock(catalog->session, &lock, error);
    if (code != TETHER_OK)
        return code;
    tether__compact_if_large(catalog->session);
    code = write_verdict(catalog, entry, mode, found, error);
    tether__os_lock_release(&lock);
    return code;
}

/* Writes an end that could not be written before. */
static void retry_save(tether__catalog *catalog, tether__entry *entry)
{
    tether__lock lock;
    tether__file_stamp stamp;
    if (tether__session_lock(catalog->session, &lock, NULL) != TETHER_OK)
        return;
    /* If another host has written the record since, leaves it alone: the reload that follows in
     * refresh_entry reads that record. */
    if (tether__bundle_stamp(catalog->session, entry->id, &stamp, NULL) == TETHER_OK &&
        memcmp(&stamp, &entry->stamp, sizeof stamp) == 0 &&
        tether__bundle_save(catalog->session, &entry->record, NULL, &entry->stamp, NULL) ==
            TETHER_OK) {
        entry->unsaved = false;
        entry->exact = true;
    }
    tether__os_lock_release(&lock);
}

/* Looks at what has become of the command at the end, unless the record has it. A look that fails
 * changes nothing; the next one may tell more. */
static void look_at_on_end(tether__catalog *catalog, tether__entry *entry)
{
    tether__lock lock;
    tether__observation observed;
    uv_mutex_lock(&catalog->state);
    tether__identity child = tether__child_identity(&entry->child);
    uv_mutex_unlock(&catalog->state);
    if (entry->record.read_only ||
        tether__bundle_observe(catalog->session, &entry->record, &child, TETHER__LOOK_NOW,
                               &observed, NULL) != TETHER_OK)
        return;
    if (!tether__outcome_on_end_known(&observed) ||
        tether__session_lock(catalog->session, &lock, NULL) != TETHER_OK)
        return;
    if (reload(catalog, entry, NULL) == TETHER_OK && entry->record.on_end_open) {
        tether__outcome_on_end(&entry->record, &observed);
        if (tether__bundle_save(catalog->session, &entry->record, NULL, &entry->stamp, NULL) !=
            TETHER_OK)
            entry->stamp = (tether__file_stamp){0};
        else
            tether__catalog_publish(catalog, entry);
    }
    tether__os_lock_release(&lock);
}

/* Makes the loop the driver of a kill that has none in this registry. The host that began the kill
 * may still be alive and drive it; therefore the first step of the loop is due only at
 * kill_takeover_ms. Takes `state`. */
static void resume_kill(tether__catalog *catalog, tether__entry *entry, const finding *found)
{
    bool resumed = false;
    /* The killer may have died before the record had it. */
    tether__outcome_identity(&entry->record, &found->observed);
    entry->exact = false;
    int64_t now = tether__os_monotonic_ms();
    int64_t takeover = entry->record.kill_takeover_ms;
    uv_mutex_lock(&catalog->state);
    if (entry->driver == TETHER__DRIVER_NONE && !entry->record.read_only) {
        tether__kill_start(&entry->kill, 0, takeover > now ? takeover : now);
        entry->driver = TETHER__DRIVER_LOOP;
        resumed = true;
    }
    uv_mutex_unlock(&catalog->state);
    if (resumed && catalog->wake != NULL)
        catalog->wake(catalog->wake_userdata);
}

/* Whether `running` is written after a while, when the task may have ended. Also at an opening, so
 * that it does not need the session lock: but not where the supervisor may wait to be resumed, see
 * is_released. */
static bool may_write_later(tether__inspect_mode mode)
{
    return mode == TETHER__INSPECT_EVENT ||
           (mode == TETHER__INSPECT_OPENING && !tether__os_spawn_can_bind());
}

tether__inspect_mode tether__refresh_list_mode(tether__catalog *catalog)
{
    uv_mutex_lock(&catalog->state);
    bool told = catalog->told != NULL && catalog->told(catalog->wake_userdata);
    uv_mutex_unlock(&catalog->state);
    return told ? TETHER__INSPECT_TOLD : TETHER__INSPECT_LIST;
}

/* No event came since the task was last refreshed. */
bool tether__refresh_is_told(tether__catalog *catalog, const tether__entry *entry,
                             tether__inspect_mode mode)
{
    tether__file_stamp stamp;
    if (mode != TETHER__INSPECT_TOLD && mode != TETHER__INSPECT_TOLD_OR_NOW)
        return false;
    uv_mutex_lock(&catalog->state);
    bool planned = entry->inspect_at != 0;
    uv_mutex_unlock(&catalog->state);
    return !planned && entry->refreshed_at > catalog->events_since &&
           tether__bundle_may_vouch(&entry->record) &&
           tether__ledger_recall(catalog->session, entry->id, &stamp) &&
           memcmp(&stamp, &entry->stamp, sizeof stamp) == 0;
}

/* Whether a held lifeline vouches for a running task. */
static bool is_vouched(const tether__catalog *catalog, const tether__entry *entry,
                       tether__inspect_mode mode)
{
    return (mode == TETHER__INSPECT_LIST || mode == TETHER__INSPECT_TOLD) &&
           tether__bundle_vouched(catalog->session, &entry->record);
}

static int refresh_entry(tether__catalog *catalog, tether__entry *entry, tether__inspect_mode mode,
                         tether_error *error)
{
    finding found;
    tether_status before = entry->record.status;
    bool delivered_before = entry->record.completion_delivered;
    bool notify_before = entry->record.notify_on_completion;
    int code = TETHER_OK;
    if (entry->unsaved)
        retry_save(catalog, entry);
    code = reload(catalog, entry, error);
    if (code != TETHER_OK)
        return code;
    if (!tether_status_ended(entry->record.status) && !is_vouched(catalog, entry, mode)) {
        code = inspect(catalog, entry, mode, &found, error);
        if (code != TETHER_OK)
            return code;
        tether__step step = found.verdict.step;
        if (step == TETHER__STEP_RUN && may_write_later(mode))
            schedule_running(catalog, entry);
        else if (step == TETHER__STEP_RUN || step == TETHER__STEP_FINALISE)
            code = write_verdict_locked(catalog, entry, mode, &found, error);
        else if (step == TETHER__STEP_RESUME_KILL)
            resume_kill(catalog, entry, &found);
    }
    if (tether_status_ended(entry->record.status) && !entry->unsaved)
        tether__output_cap(catalog->session, &entry->record, &entry->stamp, &entry->cap);
    if (tether_status_ended(entry->record.status) && !entry->unsaved && entry->record.on_end_open)
        look_at_on_end(catalog, entry);
    if (entry->record.status != before || entry->record.status != entry->status ||
        entry->record.completion_delivered != delivered_before ||
        entry->record.notify_on_completion != notify_before)
        tether__catalog_publish(catalog, entry);
    /* What is pinned raises no event. */
    if (tether_status_ended(entry->record.status))
        tether__os_witness_close(&entry->witness);
    else if (entry->witness.pinned != 0)
        schedule_look(catalog, entry, WITNESS_PAUSE_MS);
    return code;
}

/* An ended task without a bundle was removed, whatever the journal says. */
static int check_bundle(const tether__catalog *catalog, const tether__entry *entry,
                        tether_error *error)
{
    if (!tether_status_ended(entry->record.status) ||
        tether__session_has_bundle(catalog->session, entry->id))
        return TETHER_OK;
    return tether__fail(error, TETHER_ENOTASK, 0, "find task",
                        "task %s was removed; tether list --all shows the tasks that are left",
                        entry->id);
}

int tether__refresh(tether__catalog *catalog, const char *task_id, tether__inspect_mode mode,
                    tether__entry **found, tether_error *error)
{
    if (found != NULL)
        *found = NULL;
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    bool is_new = entry == NULL;
    if (is_new) {
        /* A task that is not on the disk gets no entry. */
        tether__file_stamp stamp;
        int code = tether__bundle_stamp(catalog->session, task_id, &stamp, error);
        if (code != TETHER_OK)
            return code;
        entry = tether__catalog_insert(catalog, task_id);
        if (entry == NULL)
            return tether__fail_memory(error, "read task");
    }
    if (tether__refresh_is_told(catalog, entry, mode)) {
        if (found != NULL)
            *found = entry;
        return TETHER_OK;
    }
    entry->refreshed_at = 0;
    int code = refresh_entry(catalog, entry, mode, error);
    if (code == TETHER_OK)
        code = check_bundle(catalog, entry, error);
    if (code == TETHER_ENOTASK || (is_new && entry->record.task_id == NULL)) {
        tether__catalog_forget(catalog, task_id);
        return code;
    }
    /* Also if only the inspection failed: then the record says what is known. */
    if (is_new)
        tether__catalog_publish(catalog, entry);
    if (code == TETHER_OK)
        entry->refreshed_at = ++catalog->logical_clock;
    if (found != NULL)
        *found = entry;
    return code;
}

/* Applies a change to the newest record: no other host writes while the lock is held. The caller
 * holds `disk` and the session lock. */
static int change_locked(tether__catalog *catalog, tether__entry *entry,
                         bool (*change)(tether__record *record, void *userdata), void *userdata,
                         tether_error *error)
{
    if (entry->record.read_only)
        return tether__fail(
            error, TETHER_EREADONLY, 0, "change task",
            "task %s was written by a newer version of tether; use that version to change it",
            entry->id);
    if (!change(&entry->record, userdata))
        return TETHER_OK;
    int code = tether__bundle_save(catalog->session, &entry->record, NULL, &entry->stamp, error);
    entry->exact = code == TETHER_OK;
    if (code != TETHER_OK) {
        /* Reads what the disk has: usually, the change did not happen. */
        entry->stamp = (tether__file_stamp){0};
        if (reload(catalog, entry, NULL) != TETHER_OK)
            return code;
    }
    tether__catalog_publish(catalog, entry);
    return code;
}

/* As tether__refresh_change. `renew` brings the entry up to date under the session lock. */
static int change_renewed(tether__catalog *catalog, const char *task_id,
                          int (*renew)(tether__catalog *catalog, tether__entry *entry,
                                       tether_error *error),
                          bool (*change)(tether__record *record, void *userdata), void *userdata,
                          tether__entry **found, tether_error *error)
{
    tether__lock lock;
    tether__entry *entry;
    if (found != NULL)
        *found = NULL;
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK)
        code = tether__session_lock(catalog->session, &lock, error);
    if (code != TETHER_OK)
        return code;
    tether__compact_if_large(catalog->session);
    code = renew(catalog, entry, error);
    if (code == TETHER_OK)
        code = change_locked(catalog, entry, change, userdata, error);
    tether__os_lock_release(&lock);
    if (found != NULL && code == TETHER_OK)
        *found = entry;
    return code;
}

int tether__refresh_change(tether__catalog *catalog, const char *task_id,
                           bool (*change)(tether__record *record, void *userdata), void *userdata,
                           tether__entry **found, tether_error *error)
{
    return change_renewed(catalog, task_id, reload, change, userdata, found, error);
}

/* Writes an end that the lifeline has. The end counts also if it cannot be written. */
static int look_for_end(tether__catalog *catalog, tether__entry *entry, tether_error *error)
{
    finding found = {.verdict.step = TETHER__STEP_NONE};
    int code = write_verdict(catalog, entry, TETHER__INSPECT_NOW, &found, error);
    if (code == TETHER_OK && tether_status_ended(entry->record.status))
        tether__catalog_publish(catalog, entry);
    return code;
}

int tether__refresh_change_live(tether__catalog *catalog, const char *task_id,
                                bool (*change)(tether__record *record, void *userdata),
                                void *userdata, tether__entry **found, tether_error *error)
{
    return change_renewed(catalog, task_id, look_for_end, change, userdata, found, error);
}
