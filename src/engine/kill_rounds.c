/* Owns the killing of many tasks at once, in rounds, with one listing of the processes per round.
 * Must not: decide what is done to a task (tether__kill_step_in_round does), or hold a lock while
 * it lists.
 * Thread: the caller's. */
#include "engine/kill_rounds.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/kill.h"
#include "os/clock.h"
#include "os/tree.h"

enum { SHORTEST_PAUSE_MS = 1, LONGEST_PAUSE_MS = 50 };

typedef struct rounds {
    tether__catalog *catalog;
    const char **driven; /* ids of the tasks whose kill is driven here */
    size_t count;
    tether__tree *trees; /* their trees, for the listing */
    tether__kin *kin;    /* copies of what is known of them */
    int64_t next_ms;     /* when the earliest of them is due again */
    int result;
    tether_error *error;
} rounds;

/* Keeps the code and the error of the last failure. A task that does not exist is no failure. */
static void keep_failure(rounds *r, int code, const tether_error *problem)
{
    if (code == TETHER_OK || code == TETHER_ENOTASK)
        return;
    r->result = code;
    tether__error_set(r->error, problem);
}

/* Writes the intents. Stores in `others`, which has space for all ids, the tasks whose kill has
 * another driver, and returns how many. */
static size_t begin_all(rounds *r, char (*ids)[TETHER_ID_SIZE], size_t count, tether__intent intent,
                        const char **others)
{
    size_t other_count = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_driver;
        tether_error problem = {0};
        int code = tether__kill_begin(r->catalog, ids[i], intent, 0, TETHER__DRIVER_ROUNDS,
                                      &is_driver, &problem);
        keep_failure(r, code, &problem);
        if (is_driver)
            r->driven[r->count++] = ids[i];
        else if (code == TETHER_OK)
            others[other_count++] = ids[i];
    }
    return other_count;
}

/* Lists the processes of all driven tasks. The listing begins after the inspections of the last
 * round and before those of this one: if the last round found the supervisor of a task done, and
 * the listing has no process of that task, no process of the task is left. */
static int list_processes(rounds *r, tether__round *round, tether_error *error)
{
    uv_mutex_lock(&r->catalog->disk);
    for (size_t i = 0; i < r->count; i++) {
        const tether__entry *entry = tether__catalog_find(r->catalog, r->driven[i]);
        r->trees[i] = (tether__tree){.task_id = r->driven[i], .kin = &r->kin[i]};
        tether__kin_dispose(&r->kin[i]);
        if (entry == NULL)
            continue;
        tether__kill_find_supervisor(r->catalog, entry, &r->trees[i].supervisor);
        /* Without memory for all, the steps of the round find the others one by one. */
        (void)tether__kin_merge(&r->kin[i], &entry->kin);
    }
    round->began_at = ++r->catalog->logical_clock;
    uv_mutex_unlock(&r->catalog->disk);
    return tether__os_tree_list(r->trees, r->count, &round->listing, error);
}

/* Takes one step for each task, and keeps those whose kill is not over. */
static void step_all(rounds *r, const tether__round *round)
{
    size_t kept = 0;
    r->next_ms = INT64_MAX;
    for (size_t i = 0; i < r->count; i++) {
        int64_t next;
        tether_error problem = {0};
        int code = tether__kill_step_in_round(r->catalog, r->driven[i], round, &next, &problem);
        keep_failure(r, code, &problem);
        if (next == 0)
            continue;
        r->driven[kept++] = r->driven[i];
        if (next < r->next_ms)
            r->next_ms = next;
    }
    r->count = kept;
}

static void release_all(rounds *r)
{
    for (size_t i = 0; i < r->count; i++)
        tether__kill_release(r->catalog, r->driven[i]);
    r->count = 0;
}

/* Sleeps until the next step is due. With very many tasks, sleeps at least as long as the round
 * took (up to LONGEST_PAUSE_MS), because the dying processes need the CPU. */
static void pause_between_rounds(const rounds *r, int64_t began_ms)
{
    int64_t now = tether__os_monotonic_ms();
    int64_t shortest = now - began_ms < LONGEST_PAUSE_MS ? now - began_ms : LONGEST_PAUSE_MS;
    int64_t pause = r->next_ms - now > shortest ? r->next_ms - now : shortest;
    uv_sleep((unsigned)(pause > SHORTEST_PAUSE_MS ? pause : SHORTEST_PAUSE_MS));
}

static void drive(rounds *r)
{
    while (r->count > 0) {
        tether__round round = {0};
        int64_t began_ms = tether__os_monotonic_ms();
        tether_error problem = {0};
        int code = list_processes(r, &round, &problem);
        keep_failure(r, code, &problem);
        if (code == TETHER_OK)
            step_all(r, &round);
        else
            release_all(r);
        tether__os_tree_list_free(round.listing);
        if (r->count > 0)
            pause_between_rounds(r, began_ms);
    }
}

int tether__kill_rounds(tether__catalog *catalog, char (*ids)[TETHER_ID_SIZE], size_t count,
                        tether__intent intent, tether_error *error)
{
    rounds r = {.catalog = catalog, .error = error};
    const char **others = calloc(count + 1, sizeof *others);
    r.driven = calloc(count + 1, sizeof *r.driven);
    r.trees = calloc(count + 1, sizeof *r.trees);
    r.kin = calloc(count + 1, sizeof *r.kin);
    if (others != NULL && r.driven != NULL && r.trees != NULL && r.kin != NULL) {
        size_t other_count = begin_all(&r, ids, count, intent, others);
        drive(&r);
        for (size_t i = 0; i < other_count; i++) {
            tether_error problem = {0};
            int code = tether__kill_finish(catalog, others[i], false, &problem);
            keep_failure(&r, code, &problem);
        }
    } else {
        r.result = tether__fail_memory(error, "shut down");
    }
    free(others);
    free(r.driven);
    free(r.trees);
    for (size_t i = 0; r.kin != NULL && i < count; i++)
        tether__kin_dispose(&r.kin[i]);
    free(r.kin);
    return r.result;
}
