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
#include "os/witness.h"
#include "store/ledger.h"
#include "store/output_file.h"
#include "task/tasks.h"

static const char step[] = "check limits";

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

/* Returns whether the command lives although its monitor was killed: the task runs on. */
static bool lives_without_monitor(const tether__session *session, const char *task_id)
{
    tether__witness witness = {0};
    bool lives = tether__os_witness_open(session->exits, task_id, &witness);
    tether__os_witness_close(&witness);
    return lives;
}

/* Counts a task that holds its lifeline, or whose command lives, unless it is known to have ended.
 * Returns false for one of which that is not known, such as for lack of descriptors. */
static bool count_running(census *c, const char *task_id)
{
    bool running = false;
    if (strcmp(task_id, c->task_id) == 0 || has_ended(c->catalog, task_id))
        return true;
    c->code = tether__os_lifeline_held(c->session->exits, task_id, &running, &c->problem);
    if (c->code != TETHER_OK)
        return false;
    if (!running && !lives_without_monitor(c->session, task_id))
        return true;
    c->running++;
    if (c->running <= NAMED_TASKS) {
        tether__text_add_string(&c->names, c->running > 1 ? ", " : "");
        tether__text_add_string(&c->names, task_id);
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
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    int code = tether__ledger_ids(&registry->session, TETHER__SCOPE_LIVE, &ids, &count, error);
    for (size_t i = 0; code == TETHER_OK && i < count && count_running(&c, ids[i]); i++)
        continue;
    free(ids);
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

static int check_started(tether_registry *registry, tether_error *error)
{
    tether__ledger_facts facts;
    uint64_t limit = tether__tasks_of(registry)->max_started;
    if (limit == 0)
        return TETHER_OK;
    int code = tether__ledger_facts_get(&registry->session, &facts, error);
    if (code != TETHER_OK || facts.started < limit)
        return code;
    return tether__fail(
        error, TETHER_EQUOTA, 0, step,
        "session %.60s has started %llu %s, and the limit is %llu; use another session",
        registry->session.id, (unsigned long long)facts.started,
        facts.started == 1 ? "task" : "tasks", (unsigned long long)limit);
}

int tether__quota_check(tether_registry *registry, const char *task_id, size_t max_running,
                        tether_error *error)
{
    int code = check_running(registry, task_id, max_running, error);
    return code == TETHER_OK ? check_started(registry, error) : code;
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
