/* Owns counting tasks and bytes against a session's limits.
 * Must not: end a task.
 * Thread: any. */
#include "task/quota.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "format/name.h"
#include "os/lifeline.h"
#include "store/output_file.h"
#include "task/tasks.h"

static const char step[] = "check limits";

/* One byte per task that was ever started: counting needs no read, and adding no rewrite. */
static const char starts_file[] = "starts";

enum { NAMED_TASKS = 8 };

/* --- Running tasks --- */

typedef struct census {
    tether__catalog *catalog;
    const tether__session *session;
    const char *task_id;
    size_t running;
    tether__text names; /* of the first few */
    int code;           /* why the count is not known */
    tether_error problem;
} census;

/* Returns whether the catalog knows that the task has ended. An end is final; therefore the disk
 * need not be read. The caller holds `disk`. */
static bool has_ended(tether__catalog *catalog, const char *task_id)
{
    const tether__entry *entry = tether__catalog_find(catalog, task_id);
    return entry != NULL && tether_status_ended(entry->record.status);
}

/* Stores whether a task holds its lifeline and has a record. */
static int is_visible_and_held(census *c, const char *task_id, bool *result)
{
    tether__file_stamp stamp;
    int code = tether__os_lifeline_held(c->session->exits, task_id, result, &c->problem);
    if (code != TETHER_OK || !*result)
        return code;
    code = tether__bundle_stamp(c->session, task_id, &stamp, &c->problem);
    *result = code == TETHER_OK;
    return code == TETHER_ENOTASK ? TETHER_OK : code;
}

/* A task whose lifeline is held and which has a record counts as running, unless it is known to
 * have ended. Tasks that are being created have no record yet: the one that is visible first gets
 * the place. Stops at a task of which that is not known, such as for lack of descriptors. */
static bool count_running(const char *name, void *userdata)
{
    census *c = userdata;
    bool running = false;
    if (!tether__task_id_valid(name) || strcmp(name, c->task_id) == 0 ||
        has_ended(c->catalog, name) || tether__os_lifeline_marked_ended(c->session->exits, name))
        return true;
    c->code = is_visible_and_held(c, name, &running);
    if (c->code != TETHER_OK)
        return false;
    if (!running)
        return true;
    c->running++;
    if (c->running <= NAMED_TASKS) {
        tether__text_add_string(&c->names, c->running > 1 ? ", " : "");
        tether__text_add_string(&c->names, name);
    }
    return true;
}

static size_t smaller_limit(size_t a, size_t b)
{
    if (a == 0 || b == 0)
        return a == 0 ? b : a;
    return a < b ? a : b;
}

static int check_running(tether_registry *registry, const char *task_id, size_t max_running,
                         tether_error *error)
{
    census c = {.catalog = &registry->catalog, .session = &registry->session, .task_id = task_id};
    size_t limit = smaller_limit(tether__tasks_of(registry)->max_running, max_running);
    if (limit == 0)
        return TETHER_OK;
    int code = tether__os_dir_list(registry->session.exits, count_running, &c, error);
    if (code == TETHER_OK && c.code != TETHER_OK) {
        tether__error_set(error, &c.problem);
        code = c.code;
    }
    if (code == TETHER_OK && c.running >= limit)
        code = tether__fail(error, TETHER_EQUOTA, 0, step,
                            "session %.60s has %zu running %s, and the limit is %zu: %.300s%s; "
                            "wait for one of them or end it",
                            registry->session.id, c.running, c.running == 1 ? "task" : "tasks",
                            limit, c.names.bytes != NULL ? c.names.bytes : "",
                            c.running > NAMED_TASKS ? ", ..." : "");
    tether__text_dispose(&c.names);
    return code;
}

/* --- Started tasks --- */

static int count_start(tether_registry *registry, tether_error *error)
{
    tether__file_stamp stamp = {0};
    tether__dir *dir = registry->session.dir;
    tether_error problem = {0};
    int code = tether__os_file_stamp(dir, starts_file, &stamp, &problem);
    if (code != TETHER_OK && code != TETHER_ENOTASK) {
        tether__error_set(error, &problem);
        return code;
    }
    if (tether__tasks_of(registry)->max_started != 0 &&
        stamp.size >= tether__tasks_of(registry)->max_started)
        return tether__fail(
            error, TETHER_EQUOTA, 0, step,
            "session %.60s has started %llu %s, and the limit is %llu; use another session",
            registry->session.id, (unsigned long long)stamp.size,
            stamp.size == 1 ? "task" : "tasks",
            (unsigned long long)tether__tasks_of(registry)->max_started);
    if (code == TETHER_ENOTASK)
        return tether__os_file_create(dir, starts_file, "\n", 1, error);
    return tether__os_file_append(dir, starts_file, "\n", 1, error);
}

int tether__quota_start(tether_registry *registry, const char *task_id, size_t max_running,
                        tether_error *error)
{
    int code = check_running(registry, task_id, max_running, error);
    return code == TETHER_OK ? count_start(registry, error) : code;
}

/* All bytes are equal, so the file is rewritten with one byte less. If that fails, the session can
 * start one task fewer. */
void tether__quota_uncount_start(tether_registry *registry)
{
    tether__file_stamp stamp;
    tether__dir *dir = registry->session.dir;
    if (tether__os_file_stamp(dir, starts_file, &stamp, NULL) != TETHER_OK || stamp.size == 0)
        return;
    size_t size = (size_t)(stamp.size - 1);
    char *bytes = malloc(size + 1);
    if (bytes == NULL)
        return;
    memset(bytes, '\n', size + 1);
    tether__os_file_replace(dir, starts_file, bytes, size, false, NULL);
    free(bytes);
}

/* --- Output --- */

typedef struct measure {
    const tether__session *session;
    uint64_t bytes;
    int code; /* why the sum is not known */
    tether_error problem;
} measure;

/* Stops at an output that cannot be measured, such as for lack of descriptors. */
static bool add_output(const char *name, void *userdata)
{
    measure *m = userdata;
    tether__dir *bundle;
    uint64_t size;
    if (!tether__task_id_valid(name))
        return true;
    int code = tether__bundle_open(m->session, name, &bundle, &m->problem);
    if (code == TETHER_OK) {
        for (int stream = 0; code == TETHER_OK && stream < 2; stream++) {
            code = tether__output_file_size(bundle, (tether_stream)stream, &size, &m->problem);
            m->bytes += size;
        }
        tether__os_dir_close(bundle);
        code = tether__bundle_result(m->session, name, code, &m->problem);
    }
    /* A task that was removed, or something else with such a name, has no output. */
    m->code = code == TETHER_ENOTASK || code == TETHER_ECORRUPT ? TETHER_OK : code;
    return m->code == TETHER_OK;
}

int tether__quota_output(tether_registry *registry, tether_error *error)
{
    measure m = {.session = &registry->session};
    if (tether__tasks_of(registry)->max_output_bytes == 0)
        return TETHER_OK;
    int code = tether__os_dir_list(registry->session.tasks, add_output, &m, error);
    if (code == TETHER_OK && m.code != TETHER_OK) {
        tether__error_set(error, &m.problem);
        code = m.code;
    }
    if (code == TETHER_OK && m.bytes >= tether__tasks_of(registry)->max_output_bytes)
        code = tether__fail(error, TETHER_EQUOTA, 0, step,
                            "the tasks of session %.60s have written %llu bytes, and the limit is "
                            "%llu; acknowledge ended tasks and clean up",
                            registry->session.id, (unsigned long long)m.bytes,
                            (unsigned long long)tether__tasks_of(registry)->max_output_bytes);
    return code;
}
