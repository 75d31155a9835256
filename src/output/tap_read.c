/* Owns the reading of growing output for watches and rings, and the writing down of how far kept
 * watches have come.
 * Must not: read on the reaper's time, or touch the registry after a callback closed it.
 * Thread: where callbacks run. */
#include "output/tap_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/core.h"
#include "engine/refresh.h"
#include "format/kept_watch.h"

/* What is read at once, and at most before others get their turn. */
enum { BLOCK = 64 * 1024, BLOCKS_PER_TURN = 16 };

static void read_turn(const char *task_id, void *userdata);

/* --- Planning --- */

void tether__tap_plan(tether__taps *taps, tether__tap *t)
{
    if (t->planned)
        return;
    t->planned = true;
    tether__events_work(taps->registry->catalog.events, read_turn, t->id, taps);
}

bool tether__taps_output_grew(int tag, void *userdata)
{
    tether__taps *taps = userdata;
    uv_mutex_lock(&taps->mutex);
    bool any = false;
    for (tether__tap *t = taps->first; t != NULL; t = t->next) {
        any = any || t->following;
        if (t->following && (tag == TETHER__REAPER_ALL_BUNDLES || t->tag == tag))
            tether__tap_plan(taps, t);
    }
    uv_mutex_unlock(&taps->mutex);
    return any;
}

bool tether__taps_plan_unwatched(void *userdata)
{
    tether__taps *taps = userdata;
    uv_mutex_lock(&taps->mutex);
    bool any = false;
    for (tether__tap *t = taps->first; t != NULL; t = t->next) {
        if (!t->following || t->tag >= 0)
            continue;
        any = true;
        tether__tap_plan(taps, t);
    }
    uv_mutex_unlock(&taps->mutex);
    return any;
}

void tether__taps_plan(const char *task_id, void *userdata)
{
    tether__taps *taps = userdata;
    uv_mutex_lock(&taps->mutex);
    tether__tap *t = tether__tap_find(taps, task_id);
    if (t != NULL)
        tether__tap_plan(taps, t);
    uv_mutex_unlock(&taps->mutex);
}

/* --- Writing down --- */

typedef struct keeping {
    int number;
    bool drop;
    uint64_t position[2];
} keeping;

static bool keep(tether__record *record, void *userdata)
{
    const keeping *k = userdata;
    int ignored;
    tether__kept_watch watch;
    if (k->drop)
        return tether__kept_watch_drop(record, k->number);
    size_t count = tether__kept_watches_count(record, &ignored);
    for (size_t i = 0; i < count; i++) {
        if (!tether__kept_watch_get(record, i, &watch))
            continue;
        bool wanted = watch.number == k->number;
        memcpy(watch.position, k->position, sizeof watch.position);
        bool done = wanted && tether__kept_watch_put(record, &watch);
        tether__kept_watch_dispose(&watch);
        if (wanted)
            return done;
    }
    return false;
}

/* Of a kept watch: how far it has come, or that it is over. What cannot be written is told again
 * after a restart. Under no lock. */
static void save(tether__taps *taps, const char *task_id, tether__search *search)
{
    keeping k = {search->number, search->over, {search->position[0], search->position[1]}};
    tether__catalog *catalog = &taps->registry->catalog;
    if (!search->kept || (!search->unsaved && !search->over))
        return;
    uv_mutex_lock(&catalog->disk);
    tether__refresh_change(catalog, task_id, keep, &k, NULL, NULL);
    uv_mutex_unlock(&catalog->disk);
    search->unsaved = false;
}

void tether__taps_save(tether__taps *taps)
{
    for (tether__tap *t = taps->first; t != NULL; t = t->next) {
        for (size_t i = 0; i < t->count; i++)
            save(taps, t->id, t->searches[i]);
    }
}

/* --- Reading --- */

typedef struct reading {
    tether__taps *taps;
    const char *id;
    bool ended;  /* the task: what is there now is all */
    bool closed; /* the registry, by a callback */
    tether__tap *tap;
    tether__search *search; /* the one that is fed */
    char *block;
} reading;

/* Whether nobody has removed the search that is fed, from inside a callback or elsewhere. */
static bool is_wanted(const reading *r)
{
    bool wanted = false;
    uv_mutex_lock(&r->taps->mutex);
    for (size_t i = 0; i < r->tap->count; i++)
        wanted = wanted || r->tap->searches[i] == r->search;
    uv_mutex_unlock(&r->taps->mutex);
    return wanted;
}

static tether__delivery tell_host(const tether_match *match, void *userdata)
{
    bool told;
    reading *r = userdata;
    tether_event event = {
        .kind = TETHER_EVENT_MATCH, .task_id = r->id, .match = match, .watch = match->watch};
    r->closed = !tether__events_deliver(r->taps->registry->catalog.events, &event, &told);
    if (!told)
        return TETHER__UNDELIVERED;
    return !r->closed && is_wanted(r) ? TETHER__DELIVERED : TETHER__DELIVERED_LAST;
}

static int read_block(const reading *r, tether_stream stream, uint64_t offset, size_t *got,
                      tether_error *error)
{
    size_t size = BLOCK;
    *got = 0;
    if (r->ended && offset >= r->tap->end[stream])
        return TETHER_OK;
    if (r->ended && r->tap->end[stream] - offset < BLOCK)
        size = (size_t)(r->tap->end[stream] - offset);
    return tether__output_read(&r->tap->outputs[stream], offset, r->block, size, got, error);
}

/* Feeds one block; *more: there may be another. What was dropped before it was read is passed over.
 */
static int feed_block(reading *r, tether__search *search, tether_stream stream, bool *more,
                      tether_error *error)
{
    size_t got;
    tether_error problem = {0};
    int code = read_block(r, stream, search->next[stream], &got, &problem);
    *more = true;
    if (code == TETHER_EDROPPED)
        return tether__search_skip(search, stream, r->tap->outputs[stream].dropped, error);
    if (code != TETHER_OK) {
        tether__error_set(error, &problem);
        return code;
    }
    bool last = got == 0 && r->ended;
    *more = got > 0;
    if (got == 0 && !last)
        return TETHER_OK;
    return tether__search_feed(search, stream, r->block, got, last, tell_host, r, error);
}

/* Feeds what is there; the search is over where that failed. Each output has a turn of its own, so
 * that a flood of one does not hide the other. *more: there is something left for the next turn. */
static int search_stream(reading *r, tether__search *search, tether_stream stream, bool *more,
                         tether_error *error)
{
    bool left = true;
    int code = TETHER_OK;
    for (int block = 0; code == TETHER_OK && left && block < BLOCKS_PER_TURN; block++) {
        code = feed_block(r, search, stream, &left, error);
        if (r->closed || search->over || !is_wanted(r))
            return code;
    }
    *more = *more || left;
    return code;
}

/* Ends a search with a word to the host. */
static void end_search(reading *r, tether__search *search, const tether_error *problem)
{
    tether_event event = {.kind = TETHER_EVENT_WATCH_END,
                          .task_id = r->id,
                          .watch = search->number,
                          .error = problem};
    bool told;
    search->over = true;
    r->closed = !tether__events_deliver(r->taps->registry->catalog.events, &event, &told);
    /* What nobody was told of is not over for the next host. */
    if (!told)
        search->over = false;
    if (!r->closed)
        save(r->taps, r->id, search);
}

/* Feeds one search as far as this turn allows; *more: there is something left. */
static void run_search(reading *r, tether__search *search, bool *more)
{
    tether_error problem = {0};
    int code = TETHER_OK;
    *more = false;
    for (int stream = 0; code == TETHER_OK && stream < 2 && !search->over && is_wanted(r);
         stream++) {
        if (search->searched[stream])
            code = search_stream(r, search, (tether_stream)stream, more, &problem);
        if (r->closed)
            return;
    }
    if (!is_wanted(r))
        return;
    bool done = search->over || code != TETHER_OK || (r->ended && !*more);
    if (done)
        end_search(r, search, &problem);
    else
        save(r->taps, r->id, search);
    *more = *more && !done;
}

/* The next search that was not fed in this turn yet; it cannot be freed by others until then. */
static tether__search *next_search(tether__taps *taps, tether__tap *t, size_t *place)
{
    uv_mutex_lock(&taps->mutex);
    tether__search *search = *place < t->count ? t->searches[*place] : NULL;
    t->reading = search;
    uv_mutex_unlock(&taps->mutex);
    return search;
}

/* Frees the search if it is over, whoever took it off; else goes on to the one behind it. Where the
 * registry was closed meanwhile, one that is over is still to be written down: tether__taps_save.
 */
static void leave_search(const reading *r, tether__tap *t, tether__search *search, size_t *place)
{
    tether__taps *taps = r->taps;
    uv_mutex_lock(&taps->mutex);
    t->reading = NULL;
    bool attached = false;
    for (size_t i = 0; i < t->count; i++) {
        if (t->searches[i] == search) {
            attached = true;
            *place = i + 1;
        }
    }
    bool over = search->over && !r->closed;
    if (over && attached) {
        tether__tap_detach(t, search);
        (*place)--;
    }
    uv_mutex_unlock(&taps->mutex);
    if (over || !attached)
        tether__search_free(search);
}

/* Adds one block to the ring; false: there is no more, or no ring. */
static bool add_to_ring(const reading *r, tether_stream stream)
{
    size_t got;
    tether__tap *t = r->tap;
    uv_mutex_lock(&r->taps->mutex);
    bool there = t->ring != NULL;
    uint64_t offset = there ? t->ring->next_byte[stream] : 0;
    uv_mutex_unlock(&r->taps->mutex);
    if (!there)
        return false;
    int code = read_block(r, stream, offset, &got, NULL);
    uint64_t next = code == TETHER_EDROPPED ? t->outputs[stream].dropped : offset + got;
    uv_mutex_lock(&r->taps->mutex);
    /* Unless another ring took its place. */
    if (t->ring != NULL && t->ring->next_byte[stream] == offset) {
        if (code == TETHER_OK)
            tether__ring_add(t->ring, r->block, got);
        t->ring->next_byte[stream] = next;
    }
    uv_mutex_unlock(&r->taps->mutex);
    return next > offset;
}

/* Whether there is something left for the next turn. */
static bool fill_ring(const reading *r)
{
    bool left = false;
    for (int stream = 0; stream < 2; stream++) {
        int block = 0;
        while (block < BLOCKS_PER_TURN && add_to_ring(r, (tether_stream)stream))
            block++;
        left = left || block == BLOCKS_PER_TURN;
    }
    return left;
}

/* Whether the task has ended, asked before its output is read; false: it is not there any more. */
static bool look_at_task(reading *r)
{
    tether__entry *entry;
    tether__catalog *catalog = &r->taps->registry->catalog;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, r->id, TETHER__INSPECT_NOW, &entry, NULL);
    r->ended = code == TETHER_OK && entry->ended;
    uv_mutex_unlock(&catalog->disk);
    return code != TETHER_ENOTASK;
}

/* Follows no longer what does not grow, and frees what nobody uses. `done`: nothing more will be
 * read, unless a search is added later. */
static void tidy(reading *r, tether__tap *t, bool gone, bool done)
{
    tether__taps *taps = r->taps;
    uv_mutex_lock(&taps->mutex);
    if (done && !t->planned)
        tether__tap_close_outputs(t);
    bool idle = t->count == 0 && (t->ring == NULL || gone);
    bool unfollow = t->following && (idle || r->ended);
    if (unfollow)
        t->following = false;
    if (idle && !t->planned) {
        for (tether__tap **link = &taps->first; *link != NULL; link = &(*link)->next) {
            if (*link == t) {
                *link = t->next;
                break;
            }
        }
        tether__tap_free(t);
    }
    uv_mutex_unlock(&taps->mutex);
    if (unfollow)
        tether__reaper_unfollow(taps->registry->reaper, r->id);
}

/* Opens what was not there yet: a task becomes visible a moment before its files do. */
static void open_late(const reading *r)
{
    for (int stream = 0; stream < 2; stream++) {
        tether__output *output = &r->tap->outputs[stream];
        if (output->file.handle < 0)
            tether__output_open(r->taps->registry, r->id, (tether_stream)stream, output, NULL);
    }
}

/* What the task had written when its end was seen is all that is read: what it left behind may go
 * on writing for ever. */
static void note_end(const reading *r)
{
    tether__tap *t = r->tap;
    if (!r->ended || t->end_noted)
        return;
    t->end_noted = true;
    for (int stream = 0; stream < 2; stream++) {
        tether__output_measure(&t->outputs[stream], NULL);
        t->end[stream] = t->outputs[stream].end;
    }
}

/* Whether the outputs can be read. Where not, such as without a descriptor left, the next growth
 * tries again, and the end of the task is the last try. */
static bool open_all(reading *r, tether_error *problem)
{
    if (tether__tap_open_outputs(r->taps, r->id, problem) != TETHER_OK) {
        tether__events_log(r->taps->registry->catalog.events, TETHER_LOG_ERROR, r->id, problem);
        return false;
    }
    open_late(r);
    note_end(r);
    return true;
}

/* Gives every search its turn; `problem` not NULL: ends them all with it. Whether something is left
 * for the next turn; false also where the registry was closed. */
static bool run_searches(reading *r, const tether_error *problem)
{
    size_t place = 0;
    bool left = false;
    tether__search *search;
    while (!r->closed && (search = next_search(r->taps, r->tap, &place)) != NULL) {
        bool more = false;
        r->search = search;
        if (problem != NULL)
            end_search(r, search, problem);
        else
            run_search(r, search, &more);
        leave_search(r, r->tap, search, &place);
        left = left || more;
    }
    return left;
}

/* The task is gone: its searches end without another word. */
static void remove_searches(const reading *r)
{
    uv_mutex_lock(&r->taps->mutex);
    tether__tap_remove_searches(r->tap, 0);
    uv_mutex_unlock(&r->taps->mutex);
}

/* One turn for one task. */
static void read_tap(reading *r)
{
    bool left = false;
    tether_error problem = {0};
    bool there = look_at_task(r);
    if (!there) {
        remove_searches(r);
    } else if (open_all(r, &problem)) {
        left = fill_ring(r);
        left = run_searches(r, NULL) || left;
    } else if (r->ended) {
        run_searches(r, &problem);
    }
    if (r->closed)
        return;
    if (left)
        tether__taps_plan(r->id, r->taps);
    tidy(r, r->tap, !there, r->ended && !left);
}

/* The work that tether__tap_plan queues. */
static void read_turn(const char *task_id, void *userdata)
{
    tether__taps *taps = userdata;
    reading r = {.taps = taps, .id = task_id};
    uv_mutex_lock(&taps->mutex);
    tether__tap *t = tether__tap_find(taps, task_id);
    if (t != NULL)
        t->planned = false;
    r.tap = t;
    uv_mutex_unlock(&taps->mutex);
    if (t == NULL)
        return;
    r.block = malloc(BLOCK);
    if (r.block != NULL)
        read_tap(&r);
    free(r.block);
}
