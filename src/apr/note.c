/* Owns what a pool does to tasks when it ends, in place of apr_pool_note_subprocess.
 * Must not: wait for the supervisors' processes, which the registry reaps; kill one task after the
 * other, since each may take seconds.
 * Thread: any; the pool's rules apply. */
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "apr/host.h"
#include "apr/process_os.h"
#include "tether/apr.h"

/* As APR's own clean-up of processes waits. */
#define GRACE_MS 3000

typedef struct note {
    const char *task_id;
    apr_kill_conditions_e how;
} note;

/* The notes of one pool for one registry. */
typedef struct notes {
    const tether_apr_host *host;
    tether_registry *registry; /* during the clean-up */
    apr_array_header_t *list;  /* NULL once the clean-up has run */
} notes;

static void end_task(void *data, size_t index)
{
    const notes *n = data;
    const note *entry = &APR_ARRAY_IDX(n->list, (int)index, note);
    tether_kill_options options = {.size = sizeof options};
    if (entry->how == APR_KILL_ALWAYS)
        options.grace_ms = -1;
    else if (entry->how == APR_KILL_AFTER_TIMEOUT)
        options.grace_ms = GRACE_MS;
    else if (entry->how == APR_KILL_ONLY_ONCE)
        options.signal = tether_signal_number("TERM");
    else
        return;
    (void)tether_kill(n->registry, entry->task_id, &options, NULL);
}

static bool is_waited_for(const note *entry)
{
    return entry->how == APR_JUST_WAIT || entry->how == APR_KILL_ONLY_ONCE;
}

static apr_status_t clean_up(void *data)
{
    notes *n = data;
    n->registry = tether_apr_registry(n->host);
    if (n->registry != NULL) {
        tether__apr_each((size_t)n->list->nelts, end_task, n);
        for (int i = 0; i < n->list->nelts; i++) {
            const note *entry = &APR_ARRAY_IDX(n->list, i, note);
            if (is_waited_for(entry))
                (void)tether_wait(n->registry, &entry->task_id, 1, TETHER_WAIT_ALL, -1, NULL, NULL);
        }
    }
    /* A later clean-up of the pool that notes a task begins anew. */
    n->list = NULL;
    return APR_SUCCESS;
}

/* Finds the notes that this pool has for the host, or makes them. */
static notes *notes_of(apr_pool_t *pool, const tether_apr_host *host)
{
    void *found = NULL;
    const char *key = apr_psprintf(pool, "tether-apr-notes-%pp", (const void *)host);
    (void)apr_pool_userdata_get(&found, key, pool);
    notes *n = found;
    if (n != NULL && n->list != NULL)
        return n;
    n = apr_pcalloc(pool, sizeof *n);
    n->host = host;
    n->list = apr_array_make(pool, 4, sizeof(note));
    (void)apr_pool_userdata_setn(n, key, NULL, pool);
    apr_pool_cleanup_register(pool, n, clean_up, apr_pool_cleanup_null);
    return n;
}

apr_status_t tether_apr_note_task(apr_pool_t *pool, tether_apr_host *host, const char *task_id,
                                  apr_kill_conditions_e how, tether_error *error)
{
    static const char step[] = "note task";
    tether_error own = {0};
    apr_status_t status = APR_SUCCESS;
    tether_snapshot *snapshot;
    error = error != NULL ? error : &own;
    tether_registry *registry = tether__apr_enter(host, pool, step, &status, error);
    if (registry == NULL)
        return status;
    if ((int)how < APR_KILL_NEVER || how > APR_KILL_ONLY_ONCE)
        return tether__apr_fail(error, TETHER_EINVAL, step, "unknown condition");
    if (tether_status_get(registry, task_id, &snapshot, error) != TETHER_OK)
        return tether_apr_status(error);
    tether_snapshot_free(snapshot);
    if (how == APR_KILL_NEVER)
        return APR_SUCCESS;
    note *entry = apr_array_push(notes_of(pool, host)->list);
    *entry = (note){.task_id = apr_pstrdup(pool, task_id), .how = how};
    return APR_SUCCESS;
}
