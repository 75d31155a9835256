/* Owns the trimming of an ended task's outputs to its output limit.
 * Must not: trim a file that a process may still write to, or trim before the record has the
 * totals.
 * Thread: any, one at a time per task; the callers hold the catalog's `disk`. */
#include "store/output_cap.h"

#include <string.h>

#include "os/clock.h"
#include "os/lock.h"
#include "os/temporary.h"
#include "os/tree.h"
#include "store/bundle.h"
#include "store/output_file.h"

/* The pause between two attempts. The first attempt comes with the next inspection of the task. */
enum { FIRST_PAUSE_MS = 5, LAST_PAUSE_MS = 5000 };

/* Space for the supervisor, which may still be alive after its exit line, and one more. */
enum { MEMBERS_CAPACITY = 2 };

static int64_t *total_of(tether__record *record, int stream)
{
    return stream == TETHER_STDERR ? &record->stderr_total : &record->stdout_total;
}

typedef enum measured { WITHIN_LIMIT, EXCEEDS_LIMIT, NOT_MEASURED } measured;

/* A monitor keeps the outputs within the limit itself. */
static bool is_trimmed_by_hosts(const tether__record *record)
{
    return record->output_limit > 0 && tether__record_gap_limit(record) == 0;
}

/* Stores the size of each output, and returns whether one of them exceeds the limit. The sizes are
 * valid unless the result is NOT_MEASURED, such as for lack of descriptors. */
static measured measure(const tether__session *session, const tether__record *record,
                        uint64_t size[2])
{
    tether__dir *bundle;
    int code = tether__bundle_open(session, record->task_id, &bundle, NULL);
    size[0] = size[1] = 0;
    if (code != TETHER_OK)
        return code == TETHER_ENOTASK ? WITHIN_LIMIT : NOT_MEASURED;
    for (int i = 0; code == TETHER_OK && i < 2; i++)
        code = tether__output_file_size(bundle, (tether_stream)i, &size[i], NULL);
    tether__os_dir_close(bundle);
    if (code != TETHER_OK)
        return NOT_MEASURED;
    uint64_t limit = (uint64_t)record->output_limit;
    return size[0] > limit || size[1] > limit ? EXCEEDS_LIMIT : WITHIN_LIMIT;
}

/* Returns whether a process other than the supervisor may still hold the files open: that process
 * would go on writing to a file that has no name any more. Returns true when unsure, such as for a
 * task of another pid namespace. */
static bool may_be_written(const tether__session *session, const tether__record *record)
{
    char boot_id[TETHER__BOOT_ID_SIZE];
    tether__survivor left[MEMBERS_CAPACITY];
    size_t count;
    tether__tree tree;
    tether__kin kin = {0};
    tether__here_boot_id(&session->store->here, boot_id);
    if (boot_id[0] != '\0' && record->boot_id[0] != '\0' && strcmp(boot_id, record->boot_id) != 0)
        return false;
    tether__bundle_tree(record, &kin, &tree);
    int code = tether__os_tree_survivors(&tree, left, MEMBERS_CAPACITY, &count, NULL);
    tether__kin_dispose(&kin);
    return code != TETHER_OK || count > 1 || (count == 1 && left[0].pid != record->identity.pid);
}

/* Returns whether an output exceeds the limit and the record does not have its total yet. */
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

/* Measures the outputs a second time after no process can write any more: only then are the sizes
 * final. */
void tether__output_cap_note(const tether__session *session, tether__record *record)
{
    uint64_t size[2];
    if (!is_trimmed_by_hosts(record) || measure(session, record, size) != EXCEEDS_LIMIT ||
        may_be_written(session, record) || measure(session, record, size) != EXCEEDS_LIMIT)
        return;
    set_totals(record, size);
}

/* Writes the totals into the record. If another host has written them first, reads the record of
 * that host. Takes the session lock. */
static bool save_totals(const tether__session *session, tether__record *record,
                        tether__file_stamp *stamp)
{
    tether__lock lock;
    uint64_t size[2];
    if (may_be_written(session, record) || measure(session, record, size) != EXCEEDS_LIMIT ||
        tether__session_lock(session, &lock, NULL) != TETHER_OK)
        return false;
    tether__record fresh;
    tether__file_stamp fresh_stamp;
    tether__record_init(&fresh);
    bool done =
        tether__bundle_load(session, record->task_id, &fresh, &fresh_stamp, NULL) == TETHER_OK;
    if (done && lacks_totals(&fresh, size)) {
        set_totals(&fresh, size);
        done = tether__bundle_save(session, &fresh, NULL, &fresh_stamp, NULL) == TETHER_OK;
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

/* Replaces the file with the copied tail, unless another host has replaced it first. */
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

/* Reduces one output to the last `limit` bytes of the `total` that the task wrote. Copies without
 * the session lock, because copying may take long; the open file cannot change during that time,
 * and the content of the copy depends on the record alone. */
static bool trim(const tether__session *session, tether__dir *bundle, int stream, uint64_t limit,
                 uint64_t total)
{
    tether__file file;
    tether__file_stamp before;
    uint64_t size;
    char temporary[TETHER__TEMPORARY_SIZE];
    const char *name = tether__output_file_name((tether_stream)stream);
    if (tether__os_file_stamp(bundle, name, &before, NULL) != TETHER_OK ||
        tether__os_file_open(bundle, name, &file, NULL, NULL) != TETHER_OK)
        return false;
    bool done = false, copied = false;
    if (tether__os_file_size(&file, &size, NULL) == TETHER_OK) {
        /* Bytes after the total come from a process that hides from every listing. These bytes are
         * dropped. */
        uint64_t end = size < total ? size : total;
        done = size <= limit;
        copied = !done && tether__os_file_copy(&file, end > limit ? end - limit : 0,
                                               end > limit ? limit : end, bundle,
                                               session->store->sync, temporary, NULL) == TETHER_OK;
    }
    /* Some file systems on Windows do not replace an open file. */
    tether__os_file_close(&file);
    return copied ? install_tail(session, bundle, name, temporary, &before) : done;
}

static bool remove_leftover(const char *name, void *userdata)
{
    tether__dir *bundle = userdata;
    if (strncmp(name, TETHER__TEMPORARY_PREFIX, strlen(TETHER__TEMPORARY_PREFIX)) == 0)
        tether__os_file_remove(bundle, name, NULL);
    return true;
}

/* Removes temporary files of a host that died while it copied, and of a slower host that still
 * copies: the output is trimmed, so both are useless. Takes the session lock, under which another
 * host may be renaming its copy. */
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
    uint64_t size[2];
    measured result = measure(session, record, size);
    if (result != EXCEEDS_LIMIT)
        return result == WITHIN_LIMIT;
    if (lacks_totals(record, size) && !save_totals(session, record, stamp))
        return false;
    return trim_all(session, record, size);
}

bool tether__output_cap_is_applied(const tether__session *session, const tether__record *record)
{
    uint64_t size[2];
    return !is_trimmed_by_hosts(record) || measure(session, record, size) == WITHIN_LIMIT;
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
    cap->done = cap->done || !is_trimmed_by_hosts(record);
    if (cap->done || record->read_only || tether__os_monotonic_ms() < cap->next_ms)
        return;
    cap->done = apply_limit(session, record, stamp);
    if (!cap->done)
        back_off(cap);
}
