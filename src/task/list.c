/* Owns building lists of snapshots.
 * Must not: hold a lock of the catalog for longer than one task takes.
 * Thread: any. */
#include "task/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "engine/snapshot.h"
#include "format/snapshot.h"
#include "store/archive.h"

/* Refreshes a task, whose entry is in *entry if it has one, unless that was done since the list
 * began and its texts were kept. The caller holds `disk`. */
static int refresh_since(tether__catalog *catalog, const tether__list_request *request,
                         const char *task_id, tether__entry **entry, tether_error *error)
{
    if (*entry != NULL && (*entry)->record.task_id != NULL &&
        ((*entry)->refreshed_at > request->began_at ||
         tether__refresh_is_told(catalog, *entry, request->mode)))
        return TETHER_OK;
    return tether__refresh(catalog, task_id, request->mode, entry, error);
}

/* The caller holds `disk`. */
static int add_snapshot(tether__catalog *catalog, const tether__list_request *request,
                        const tether__entry *entry, tether_snapshot_list *list, tether_error *error)
{
    tether_snapshot *snapshot = tether__snapshot_new();
    if (snapshot == NULL)
        return tether__fail_memory(error, "list tasks");
    int code = request->without_output
                   ? tether__snapshot_fill_record(catalog->session, entry, snapshot, error)
                   : tether__snapshot_fill(catalog->session, entry, snapshot, error);
    if (code == TETHER_OK)
        list->items[list->count++] = snapshot;
    else
        tether_snapshot_free(snapshot);
    return code;
}

/* Whether a task is left to tether__task_list_archived. To look for each in the archives would read
 * them as many times. The caller holds `disk`. */
static bool is_left_to_archives(tether__catalog *catalog, const tether__list_request *request,
                                const tether__entry *entry, const char *task_id)
{
    tether__file_stamp stamp;
    if (request->scope != TETHER__SCOPE_ALL)
        return false;
    return (entry == NULL || entry->ended) &&
           !tether__ledger_recall(catalog->session, task_id, &stamp);
}

static int add_task(tether__catalog *catalog, const tether__list_request *request,
                    const char *task_id, size_t *next, tether_snapshot_list *list,
                    tether_error *error)
{
    tether_error problem = {0};
    uv_mutex_lock(&catalog->disk);
    tether__entry *entry = tether__catalog_find_next(catalog, task_id, next);
    if (is_left_to_archives(catalog, request, entry, task_id)) {
        uv_mutex_unlock(&catalog->disk);
        return TETHER_OK;
    }
    int code = refresh_since(catalog, request, task_id, &entry, &problem);
    if (code == TETHER_OK && request->matches(entry, request->userdata))
        code = add_snapshot(catalog, request, entry, list, &problem);
    uv_mutex_unlock(&catalog->disk);
    /* A task that was removed or damaged must not hide the others. */
    if (code == TETHER_OK || code == TETHER_ENOTASK || code == TETHER_ECORRUPT)
        return TETHER_OK;
    tether__error_set(error, &problem);
    return code;
}

void tether__task_list_begin(tether__catalog *catalog, tether__list_request *request)
{
    uv_mutex_lock(&catalog->disk);
    request->began_at = ++catalog->logical_clock;
    uv_mutex_unlock(&catalog->disk);
    request->mode = tether__refresh_list_mode(catalog);
}

int tether__task_list(tether__catalog *catalog, const tether__list_request *request,
                      tether_snapshot_list **out, tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count, next = 0;
    *out = NULL;
    int code = tether__catalog_ids(catalog, request->scope, &ids, &count, error);
    if (code != TETHER_OK)
        return code;
    tether_snapshot_list *list = tether__snapshot_list_new(count);
    if (list == NULL)
        code = tether__fail_memory(error, "list tasks");
    for (size_t i = 0; code == TETHER_OK && i < count; i++)
        code = add_task(catalog, request, ids[i], &next, list, error);
    free(ids);
    if (code != TETHER_OK) {
        tether_snapshot_list_free(list);
        return code;
    }
    qsort((void *)list->items, list->count, sizeof *list->items, request->order);
    *out = list;
    return TETHER_OK;
}

typedef struct archived {
    tether__catalog *catalog;
    const tether__list_request *request;
    tether_snapshot_list *list;
    size_t capacity;
    int code;
    tether_error problem;
} archived;

static int add_grown(archived *a, const tether__entry *entry)
{
    void *items = (void *)a->list->items;
    if (!tether__grow(&items, a->list->count, &a->capacity, sizeof(tether_snapshot *)))
        return tether__fail_memory(&a->problem, "list tasks");
    a->list->items = items;
    return add_snapshot(a->catalog, a->request, entry, a->list, &a->problem);
}

/* Whether the journal had the task when the list was made, and with it the newer record. */
static bool is_in_journal(const archived *a, const char *task_id)
{
    tether__file_stamp stamp;
    return tether__ledger_recall(a->catalog->session, task_id, &stamp);
}

/* Whether the list has a task already. One that has come back from an archive since is left to the
 * archive's record: the list was made before. */
static bool is_listed(const tether_snapshot_list *list, const char *task_id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i]->task_id, task_id) == 0)
            return true;
    }
    return false;
}

static bool add_archived(void *context, const char *task_id, const char *text, size_t size)
{
    archived *a = context;
    tether__entry entry = {.id = task_id};
    if (is_in_journal(a, task_id) && is_listed(a->list, task_id))
        return true;
    tether__record_init(&entry.record);
    int code =
        tether__bundle_look(a->catalog->session, text, size, task_id, &entry.record, &a->problem);
    entry.status = entry.record.status;
    entry.ended = entry.done = true;
    if (code == TETHER_OK && a->request->matches(&entry, a->request->userdata))
        code = add_grown(a, &entry);
    tether__record_dispose(&entry.record);
    /* As in add_task. */
    a->code = code == TETHER_ENOTASK || code == TETHER_ECORRUPT ? TETHER_OK : code;
    return a->code == TETHER_OK;
}

int tether__task_list_archived(tether__catalog *catalog, const tether__list_request *request,
                               tether_snapshot_list *list, tether_error *error)
{
    archived a = {catalog, request, list, list->count, TETHER_OK, {0}};
    int code = tether__archive_visit(catalog->session, add_archived, &a, error);
    if (code != TETHER_OK || a.code == TETHER_OK)
        return code;
    tether__error_set(error, &a.problem);
    return a.code;
}

bool tether__task_list_append(tether_snapshot_list *all, tether_snapshot_list *some)
{
    size_t count = all->count + some->count;
    tether_snapshot **items = realloc((void *)all->items, (count + 1) * sizeof *items);
    if (items == NULL)
        return false;
    all->items = items;
    if (some->count > 0)
        memcpy((void *)(items + all->count), (void *)some->items, some->count * sizeof *items);
    all->count = count;
    some->count = 0;
    return true;
}
