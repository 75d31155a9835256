/* Owns the wait for a completion that the caller can lease or has not seen.
 * Must not: lease or change one.
 * Thread: any but the host's own loop. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "engine/catalog.h"
#include "engine/waiting.h"
#include "os/lifeline.h"
#include "task/completion.h"
#include "tether/completion.h"

enum { HOLDERS_KNOWN = 8 };

/* What a call that found no completion waits for, besides the ends of tasks. */
typedef struct obstacles {
    size_t holders; /* how many hold leases; more than HOLDERS_KNOWN: that many, or more */
    char ids[HOLDERS_KNOWN][TETHER_ID_SIZE];
    bool others; /* completions that were not free, for another reason */
} obstacles;

static void note_holder(obstacles *found, const char *id)
{
    for (size_t i = 0; i < found->holders && i < HOLDERS_KNOWN; i++) {
        if (strcmp(found->ids[i], id) == 0)
            return;
    }
    if (found->holders < HOLDERS_KNOWN)
        strcpy(found->ids[found->holders], id);
    if (found->holders <= HOLDERS_KNOWN)
        found->holders++;
}

/* What the caller has seen, sorted. */
typedef struct seen_list {
    const tether_snapshot **items; /* NULL: the caller has no such list */
    size_t count;
} seen_list;

/* Task ids are unique only within their session. */
static int by_task(const void *left, const void *right)
{
    const tether_snapshot *a = *(const tether_snapshot *const *)left;
    const tether_snapshot *b = *(const tether_snapshot *const *)right;
    int order = strcmp(a->task_id, b->task_id);
    if (order != 0 || a->session_id == NULL || b->session_id == NULL)
        return order;
    return strcmp(a->session_id, b->session_id);
}

static int sort_seen(const tether_snapshot_list *list, seen_list *seen, tether_error *error)
{
    *seen = (seen_list){0};
    if (list == NULL)
        return TETHER_OK;
    seen->items = calloc(list->count + 1, sizeof *seen->items);
    if (seen->items == NULL)
        return tether__fail_memory(error, "wait");
    for (; seen->count < list->count; seen->count++)
        seen->items[seen->count] = list->items[seen->count];
    qsort((void *)seen->items, seen->count, sizeof *seen->items, by_task);
    return TETHER_OK;
}

static bool is_seen(const tether_registry *registry, const seen_list *seen,
                    const tether__candidate *item)
{
    tether_snapshot wanted = {.session_id = item->session_id != NULL ? item->session_id
                                                                     : registry->session.id};
    strcpy(wanted.task_id, item->id);
    const tether_snapshot *key = &wanted;
    return seen->count > 0 && bsearch((const void *)&key, (const void *)seen->items, seen->count,
                                      sizeof *seen->items, by_task) != NULL;
}

/* Finds out whether there is a pending completion that this registry could lease, or that the
 * caller has not seen, and otherwise what stands in the way. */
static int find_available(tether_registry *registry, bool all_sessions, const seen_list *seen,
                          bool *found, obstacles *in_the_way, tether_error *error)
{
    tether__candidates all;
    tether_error problem = {0};
    bool to_lease = seen->items == NULL;
    *found = false;
    in_the_way->holders = 0;
    in_the_way->others = false;
    int code = tether__candidates_find(registry, all_sessions, to_lease, &all, &problem);
    for (size_t i = 0; code == TETHER_OK && !*found && i < all.count; i++) {
        char holder[TETHER_ID_SIZE];
        if (is_seen(registry, seen, &all.items[i]))
            continue;
        code = tether__completion_probe(registry, &all.items[i], to_lease, found, holder, &problem);
        if (holder[0] != '\0')
            note_holder(in_the_way, holder);
        else
            in_the_way->others = in_the_way->others || !*found;
    }
    if (code == TETHER_OK && !*found && all.code != TETHER_OK) {
        code = all.code;
        problem = all.problem;
    }
    tether__candidates_dispose(&all);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* Any task that runs may be the next with a completion. */
static int await_all(tether__wait *wait, const obstacles *in_the_way, tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    tether_registry *registry = wait->registry;
    int code = tether__catalog_ids(&registry->catalog, TETHER__SCOPE_LIVE, &ids, &count, error);
    if (code != TETHER_OK)
        return code;
    tether__wait_await(wait, count + in_the_way->holders);
    for (size_t i = 0; i < count && i < TETHER__ENDS_LIMIT; i++)
        tether__awaiting_task(&wait->awaiting, ids[i]);
    for (size_t i = 0; i < in_the_way->holders && i < HOLDERS_KNOWN; i++)
        tether__awaiting_holder(&wait->awaiting, &registry->holder, in_the_way->ids[i]);
    tether__awaiting_settle(&wait->awaiting);
    free(ids);
    return TETHER_OK;
}

static int wait_for_completion(tether__wait *wait, bool all_sessions, const seen_list *seen,
                               tether_error *error)
{
    obstacles in_the_way;
    for (;;) {
        bool found = false;
        int code = tether__wait_prepare(wait, error);
        if (code == TETHER_OK)
            code = find_available(wait->registry, all_sessions, seen, &found, &in_the_way, error);
        if (code == TETHER_OK && !found && !all_sessions)
            code = await_all(wait, &in_the_way, error);
        if (code != TETHER_OK || found)
            return code;
        /* No event tells of another session, and not everywhere of the death of a holder. */
        bool leased = in_the_way.holders > 0 || in_the_way.others;
        bool told =
            wait->awaiting.told && in_the_way.holders <= HOLDERS_KNOWN && !in_the_way.others;
        wait->untold = all_sessions || (leased && !told);
        code = tether__wait_sleep(wait, NULL, error);
        if (code != TETHER_OK)
            return code;
    }
}

int tether_completions_wait(tether_registry *registry, const tether_completion_options *given,
                            int64_t timeout_ms, tether_error *error)
{
    tether_completion_options options;
    tether__wait wait;
    seen_list seen;
    int code = tether__options_take(given, &options, sizeof options, NULL,
                                    "tether_completion_options", error);
    if (code == TETHER_OK)
        code = sort_seen(options.seen, &seen, error);
    if (code != TETHER_OK)
        return code;
    code = tether__wait_begin(registry, "wait", timeout_ms, &wait, error);
    if (code == TETHER_OK)
        code = wait_for_completion(&wait, options.all_sessions, &seen, error);
    tether__wait_end(&wait);
    free((void *)seen.items);
    return code;
}
