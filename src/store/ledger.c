/* Owns what is asked about the tasks of a session's journal.
 * Must not: read a line (ledger_core.c does), or write.
 * Thread: any; see the header. */
#include "store/ledger.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/ledger_core.h"

/* By how much the journal grows at least between two compactions. */
enum { GROWTH = 64 * 1024 };

int tether__ledger_stamp(const tether__session *session, const char *task_id,
                         tether__file_stamp *stamp, tether_error *error)
{
    tether__indexed *task;
    *stamp = (tether__file_stamp){0};
    uv_mutex_lock(&session->ledger->lock);
    int code = tether__ledger_find(session, task_id, &task, error);
    if (code == TETHER_OK)
        tether__ledger_stamp_of(task, stamp);
    uv_mutex_unlock(&session->ledger->lock);
    return code;
}

bool tether__ledger_recall(const tether__session *session, const char *task_id,
                           tether__file_stamp *stamp)
{
    uv_mutex_lock(&session->ledger->lock);
    const tether__indexed *task = tether__index_find(&session->ledger->index, task_id);
    if (task != NULL)
        tether__ledger_stamp_of(task, stamp);
    uv_mutex_unlock(&session->ledger->lock);
    return task != NULL;
}

bool tether__ledger_removed(const tether__session *session, const char *task_id)
{
    uv_mutex_lock(&session->ledger->lock);
    bool removed = tether__ledger_update(session, NULL) == TETHER_OK &&
                   json_object_get(session->ledger->index.removed, task_id) != NULL;
    uv_mutex_unlock(&session->ledger->lock);
    return removed;
}

typedef bool chooser(const tether__indexed *task, int64_t parameter);

static bool is_in_scope(const tether__indexed *task, int64_t scope)
{
    if (scope == TETHER__SCOPE_LIVE)
        return !task->ended || task->limited || task->open;
    return scope == TETHER__SCOPE_ALL || task->limited || !tether__indexed_done(task);
}

static bool is_overdue(const tether__indexed *task, int64_t now_ms)
{
    bool over = task->deadline_ms > 0 && task->deadline_ms <= now_ms;
    return !task->ended && (over || task->killing);
}

static int list_ids(const tether__session *session, chooser *choose, int64_t parameter,
                    char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error)
{
    const tether__index *index = &session->ledger->index;
    *ids = NULL;
    *count = 0;
    uv_mutex_lock(&session->ledger->lock);
    int code = tether__ledger_update(session, error);
    if (code == TETHER_OK) {
        *ids = calloc(index->count + 1, sizeof **ids);
        if (*ids == NULL)
            code = tether__fail_memory(error, "list tasks");
    }
    for (size_t i = 0; code == TETHER_OK && i < index->count; i++) {
        if (choose(index->tasks[i], parameter))
            strcpy((*ids)[(*count)++], tether__indexed_id(index->tasks[i]));
    }
    uv_mutex_unlock(&session->ledger->lock);
    return code;
}

int tether__ledger_ids(const tether__session *session, tether__scope scope,
                       char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error)
{
    return list_ids(session, is_in_scope, scope, ids, count, error);
}

int tether__ledger_overdue(const tether__session *session, int64_t now_ms,
                           char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error)
{
    return list_ids(session, is_overdue, now_ms, ids, count, error);
}

/* The tasks stand in the index in no order, and those that share a key are few. */
static int later_first(const void *left, const void *right)
{
    const tether__indexed *a = *(tether__indexed *const *)left;
    const tether__indexed *b = *(tether__indexed *const *)right;
    return a->spans[0].offset < b->spans[0].offset ? 1 : -1;
}

static int list_keyed(const tether__index *index, uint32_t hash, char (**ids)[TETHER_ID_SIZE],
                      size_t *count, tether_error *error)
{
    size_t keyed = 0;
    for (size_t i = 0; i < index->count; i++)
        keyed += index->tasks[i]->key == hash;
    tether__indexed **tasks = calloc(keyed + 1, sizeof *tasks);
    *ids = calloc(keyed + 1, sizeof **ids);
    if (tasks == NULL || *ids == NULL) {
        free(tasks);
        return tether__fail_memory(error, "look for key");
    }
    for (size_t i = 0; i < index->count; i++) {
        if (index->tasks[i]->key == hash)
            tasks[(*count)++] = index->tasks[i];
    }
    if (*count > 1)
        qsort(tasks, *count, sizeof(tether__indexed *), later_first);
    for (size_t i = 0; i < *count; i++)
        strcpy((*ids)[i], tether__indexed_id(tasks[i]));
    free(tasks);
    return TETHER_OK;
}

int tether__ledger_keyed(const tether__session *session, uint32_t hash,
                         char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error)
{
    *ids = NULL;
    *count = 0;
    uv_mutex_lock(&session->ledger->lock);
    int code = tether__ledger_update(session, error);
    if (code == TETHER_OK)
        code = list_keyed(&session->ledger->index, hash, ids, count, error);
    uv_mutex_unlock(&session->ledger->lock);
    return code;
}

void tether__ledger_ends(const tether__session *session, tether__end_place *ends, size_t count)
{
    tether__ledger *ledger = session->ledger;
    uv_mutex_lock(&ledger->lock);
    for (size_t i = 0; i < count; i++) {
        const tether__indexed *task = tether__index_find(&ledger->index, ends[i].task_id);
        uint64_t at = task != NULL ? tether__indexed_end(task) : 0;
        ends[i].at = task != NULL && at == 0 ? UINT64_MAX : at;
    }
    uv_mutex_unlock(&ledger->lock);
}

int tether__ledger_facts_get(const tether__session *session, tether__ledger_facts *facts,
                             tether_error *error)
{
    tether__ledger *ledger = session->ledger;
    *facts = (tether__ledger_facts){0};
    uv_mutex_lock(&ledger->lock);
    int code = tether__ledger_update(session, error);
    if (code == TETHER_OK)
        *facts = (tether__ledger_facts){ledger->index.number, ledger->index.started,
                                        ledger->damaged, ledger->lines.next};
    uv_mutex_unlock(&ledger->lock);
    return code;
}

bool tether__ledger_stays(const tether__session *session, const char *task_id, bool *again)
{
    uv_mutex_lock(&session->ledger->lock);
    const tether__indexed *task = tether__index_find(&session->ledger->index, task_id);
    *again = task != NULL && task->again;
    bool stays = task != NULL && (task->newer || (task->span_count == 1 && !task->ended));
    uv_mutex_unlock(&session->ledger->lock);
    return stays;
}

/* Stores how many bytes the journal would have at least after a compaction. */
static uint64_t essential_size(const tether__index *index)
{
    uint64_t size = 0;
    for (size_t i = 0; i < index->count; i++) {
        if (!tether__indexed_done(index->tasks[i]))
            size += index->tasks[i]->spans[0].size;
    }
    return size;
}

bool tether__ledger_is_large(const tether__session *session)
{
    tether__ledger *ledger = session->ledger;
    uv_mutex_lock(&ledger->lock);
    uint64_t size = ledger->lines.next;
    bool large = false;
    if (size >= GROWTH && size >= ledger->look_at) {
        large = size >= GROWTH + 2 * essential_size(&ledger->index);
        ledger->look_at = size + GROWTH;
    }
    uv_mutex_unlock(&ledger->lock);
    return large;
}

void tether__ledger_follow(const tether__session *session, bool follow)
{
    tether__ledger *ledger = session->ledger;
    uv_mutex_lock(&ledger->lock);
    ledger->follows = follow;
    if (!follow)
        tether__news_dispose(&ledger->news);
    uv_mutex_unlock(&ledger->lock);
}

int tether__ledger_take_news(const tether__session *session, tether__news *news,
                             tether_error *error)
{
    tether__ledger *ledger = session->ledger;
    uv_mutex_lock(&ledger->lock);
    int code = tether__ledger_update(session, error);
    *news = ledger->news;
    ledger->news = (tether__news){.count = 0};
    uv_mutex_unlock(&ledger->lock);
    return code;
}

void tether__ledger_keep_news(const tether__session *session)
{
    tether__ledger *ledger = session->ledger;
    uv_mutex_lock(&ledger->lock);
    if (ledger->follows)
        tether__news_add_all(&ledger->news);
    uv_mutex_unlock(&ledger->lock);
}
