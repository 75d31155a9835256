/* Owns the cutting of ended tasks' outputs down to their limit.
 * Must not: trim what somebody may still write to, or before the record says how much there was.
 * Thread: any; under the catalog's `disk`. */
#include "store/output_cap.h"

#include <string.h>

#include "os/clock.h"
#include "os/lifeline.h"
#include "os/lock.h"
#include "os/tree.h"
#include "store/bundle.h"
#include "store/output_file.h"

/* Between two tries; the first comes with the next look. */
enum { FIRST_PAUSE_MS = 5, LAST_PAUSE_MS = 5000 };

/* More than the supervisor, which may not have gone yet after its last line. */
enum { MEMBERS_ROOM = 2 };

static const char temporary_prefix[] = ".tmp-";

static int64_t *total_of(tether__record *record, int stream)
{
    return stream == TETHER_STDERR ? &record->stderr_total : &record->stdout_total;
}

/* How long each output is, and whether any is longer than the limit. */
static bool exceeds_limit(const tether__session *session, const tether__record *record,
                          uint64_t size[2])
{
    tether__dir *bundle;
    bool longer = false;
    if (tether__bundle_open(session, record->task_id, &bundle, NULL) != TETHER_OK)
        return false;
    for (int i = 0; i < 2; i++) {
        tether__output_file_size(bundle, (tether_stream)i, &size[i], NULL);
        longer = longer || size[i] > (uint64_t)record->output_limit;
    }
    tether__os_dir_close(bundle);
    return longer;
}

/* Whether any process but the supervisor may still hold the files: they would go on writing to one
 * that has no name any more. Where that cannot be told, such as of another pid namespace, one may.
 */
static bool may_be_written(const tether__record *record)
{
    char boot_id[TETHER__BOOT_ID_SIZE];
    int64_t pids[MEMBERS_ROOM];
    size_t count;
    tether__tree tree = {.task_id = record->task_id, .supervisor = record->identity};
    tether__os_boot_id(boot_id);
    if (boot_id[0] != '\0' && record->boot_id[0] != '\0' && strcmp(boot_id, record->boot_id) != 0)
        return false;
    if (tether__os_tree_members(&tree, pids, MEMBERS_ROOM, &count, NULL) != TETHER_OK)
        return true;
    return count > 1 || (count == 1 && pids[0] != record->identity.pid);
}

/* Whether an output is going to be trim and the record does not say yet how long it was. */
static bool lacks_totals(tether__record *record, const uint64_t size[2])
{
    for (int i = 0; i < 2; i++) {
        if (size[i] > (uint64_t)record->output_limit && *total_of(record, i) < 0)
            return true;
    }
    return false;
}

static void set_totals(tether__record *record, const uint64_t size[2])
{
    for (int i = 0; i < 2; i++) {
        if (size[i] > (uint64_t)record->output_limit && *total_of(record, i) < 0)
            *total_of(record, i) = (int64_t)size[i];
    }
}

/* The look at the processes comes before the look at the sizes: who is gone writes no more. */
void tether__output_cap_note(const tether__session *session, tether__record *record)
{
    uint64_t size[2];
    if (record->output_limit <= 0 || !exceeds_limit(session, record, size) ||
        may_be_written(record) || !exceeds_limit(session, record, size))
        return;
    set_totals(record, size);
}

/* Under the session lock, which the caller of this has not taken. Another host may have noted it
 * meanwhile. */
static bool save_totals(const tether__session *session, tether__record *record,
                        tether__file_stamp *stamp)
{
    tether__lock lock;
    uint64_t size[2];
    if (may_be_written(record) || !exceeds_limit(session, record, size) ||
        tether__session_lock(session, &lock, NULL) != TETHER_OK)
        return false;
    tether__record fresh;
    tether__file_stamp fresh_stamp;
    tether__record_init(&fresh);
    bool done =
        tether__bundle_load(session, record->task_id, &fresh, &fresh_stamp, NULL) == TETHER_OK;
    if (done && lacks_totals(&fresh, size)) {
        set_totals(&fresh, size);
        done = tether__bundle_save(session, &fresh, &fresh_stamp, NULL) == TETHER_OK;
    }
    tether__os_lock_release(&lock);
    if (!done) {
        tether__record_dispose(&fresh);
        return false;
    }
    tether__record_dispose(record);
    *record = fresh;
    *stamp = fresh_stamp;
    return true;
}

/* Puts the tail that was copied in the place of the file, unless another host was faster. */
static bool install_tail(const tether__session *session, tether__dir *bundle, const char *name,
                         const char *temporary, const tether__file_stamp *before)
{
    tether__lock lock;
    tether__file_stamp now;
    bool done = false;
    if (tether__session_lock(session, &lock, NULL) == TETHER_OK) {
        if (tether__os_file_stamp(bundle, name, &now, NULL) == TETHER_OK &&
            now.node == before->node)
            done = tether__os_file_rename(bundle, temporary, name, session->store->sync, NULL) ==
                   TETHER_OK;
        tether__os_lock_release(&lock);
    }
    if (!done)
        tether__os_file_remove(bundle, temporary, NULL);
    return done;
}

/* Keeps of one output the last `limit` bytes of the `total` that the task wrote. The copying, which
 * may take long, is done without the session lock; the file that is open cannot change meanwhile,
 * and what is put in its place depends on the record alone. */
static bool trim(const tether__session *session, tether__dir *bundle, int stream, uint64_t limit,
                 uint64_t total)
{
    tether__file file;
    tether__file_stamp before;
    uint64_t size;
    char temporary[TETHER__TEMPORARY_SIZE];
    const char *name = tether__output_file_name((tether_stream)stream);
    if (tether__os_file_stamp(bundle, name, &before, NULL) != TETHER_OK ||
        tether__os_file_open(bundle, name, &file, NULL) != TETHER_OK)
        return false;
    bool done = false, copied = false;
    if (tether__os_file_size(&file, &size, NULL) == TETHER_OK) {
        /* What a process that nothing can find wrote after the end is not the task's. */
        uint64_t end = size < total ? size : total;
        done = size <= limit;
        copied = !done && tether__os_file_copy(&file, end > limit ? end - limit : 0,
                                               end > limit ? limit : end, bundle,
                                               session->store->sync, temporary, NULL) == TETHER_OK;
    }
    /* Some file systems of Windows replace no file that is open. */
    tether__os_file_close(&file);
    return copied ? install_tail(session, bundle, name, temporary, &before) : done;
}

static bool remove_leftover(const char *name, void *userdata)
{
    tether__dir *bundle = userdata;
    if (strncmp(name, temporary_prefix, strlen(temporary_prefix)) == 0)
        tether__os_file_remove(bundle, name, NULL);
    return true;
}

/* What a host that was killed while it copied has left, or one that is slower than this copies:
 * both are of no use any more. Records are written under the session lock. */
static void remove_leftovers(const tether__session *session, tether__dir *bundle)
{
    tether__lock lock;
    if (tether__session_lock(session, &lock, NULL) != TETHER_OK)
        return;
    tether__os_dir_list(bundle, remove_leftover, bundle, NULL);
    tether__os_lock_release(&lock);
}

static bool trim_all(const tether__session *session, tether__record *record, const uint64_t size[2])
{
    tether__dir *bundle;
    bool done = true;
    uint64_t limit = (uint64_t)record->output_limit;
    if (tether__bundle_open(session, record->task_id, &bundle, NULL) != TETHER_OK)
        return false;
    for (int i = 0; i < 2; i++) {
        if (size[i] > limit)
            done = trim(session, bundle, i, limit, (uint64_t)*total_of(record, i)) && done;
    }
    if (done)
        remove_leftovers(session, bundle);
    tether__os_dir_close(bundle);
    return done;
}

static bool apply_limit(const tether__session *session, tether__record *record,
                        tether__file_stamp *stamp)
{
    uint64_t size[2] = {0, 0};
    if (!exceeds_limit(session, record, size))
        return true;
    if (lacks_totals(record, size) && !save_totals(session, record, stamp))
        return false;
    return trim_all(session, record, size);
}

static void back_off(tether__cap *cap)
{
    cap->next_ms = tether__os_monotonic_ms() + cap->pause_ms;
    cap->pause_ms = cap->pause_ms == 0 ? FIRST_PAUSE_MS : cap->pause_ms * 2;
    if (cap->pause_ms > LAST_PAUSE_MS)
        cap->pause_ms = LAST_PAUSE_MS;
}

void tether__output_cap(const tether__session *session, tether__record *record,
                        tether__file_stamp *stamp, tether__cap *cap)
{
    if (cap->done || record->output_limit <= 0 || record->read_only ||
        tether__os_monotonic_ms() < cap->next_ms)
        return;
    cap->done = apply_limit(session, record, stamp);
    if (cap->done)
        tether__os_lifeline_mark_ended(session->exits, record->task_id);
    else
        back_off(cap);
}
