/* Owns bringing what other hosts write about tasks into the catalog.
 * Must not: wait, or wake the waiters (the reaper does).
 * Thread: the loop's. */
#include "engine/following.h"

#include <stdlib.h>

#include "engine/refresh.h"
#include "engine/replay.h"
#include "store/ledger.h"

static int first_failure(int first, int code)
{
    return first != TETHER_OK || code == TETHER_ENOTASK ? first : code;
}

/* What is known to be done changes no more. A task that is not in the catalog is of interest only
 * to a listener: waiters look at the disk themselves. */
static int follow_task(tether__catalog *catalog, const char *task_id)
{
    int code = TETHER_OK;
    uv_mutex_lock(&catalog->disk);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    bool wanted = entry != NULL ? !entry->done || entry->unsaved
                                : tether__events_has_listener(catalog->events);
    if (wanted)
        code = tether__refresh(catalog, task_id, TETHER__INSPECT_EVENT, &entry, NULL);
    if (wanted && code == TETHER_OK)
        tether__entry_trim(entry);
    uv_mutex_unlock(&catalog->disk);
    return code;
}

/* Stops at a failure that affects all tasks. */
static int follow_tasks(tether__catalog *catalog, char (*ids)[TETHER_ID_SIZE], size_t count)
{
    int first = TETHER_OK;
    for (size_t i = 0; i < count && !tether__replay_is_general(first); i++)
        first = first_failure(first, follow_task(catalog, ids[i]));
    return first;
}

int tether__follow_all(tether__catalog *catalog)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    int code = tether__catalog_ids(catalog, TETHER__SCOPE_ALL, &ids, &count, NULL);
    if (code != TETHER_OK)
        return code;
    code = follow_tasks(catalog, ids, count);
    free(ids);
    return code;
}

/* More tasks have changed than the ledger keeps apart. */
static int follow_unnamed(tether__catalog *catalog)
{
    int first =
        tether__replay(catalog, tether__replay_scope(catalog), TETHER__INSPECT_EVENT, NULL, NULL);
    return first_failure(first, tether__follow_all(catalog));
}

int tether__follow_news(tether__catalog *catalog, bool *any)
{
    tether__news news;
    int first = tether__ledger_take_news(catalog->session, &news, NULL);
    *any = news.count > 0 || news.all;
    if (*any && first == TETHER_OK)
        first = follow_tasks(catalog, news.ids, news.count);
    if (news.all && first == TETHER_OK)
        first = follow_unnamed(catalog);
    free(news.ids);
    if (*any && first != TETHER_OK)
        tether__ledger_keep_news(catalog->session);
    return first;
}
