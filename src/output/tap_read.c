/* Owns reading growing output for watches and rings, and storing the progress of kept watches.
 * Must not: read on the reaper's thread, or touch the registry after a callback closed it.
 * Thread: reading happens where callbacks run. Any thread may schedule it: the catalog and the
 * reaper call tether__taps_schedule, tether__taps_output_grew and tether__taps_schedule_unwatched,
 * which only queue the reading. tether__taps_save runs on the thread that closes the registry. */
#include "output/tap_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/core.h"
#include "engine/refresh.h"
#include "format/kept_watch.h"

/* Bytes per read, and reads per stream before others get their turn. */
enum { BLOCK = 64 * 1024, BLOCKS_PER_TURN = 16 };

static void read_turn(const char *task_id, void *userdata);

/* --- Scheduling --- */

void tether__tap_schedule(tether__taps *taps, tether__tap *t)
{
    if (t->scheduled)
        return;
    t->scheduled = true;
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
            tether__tap_schedule(taps, t);
    }
    uv_mutex_unlock(&taps->mutex);
    return any;
}

bool tether__taps_schedule_unwatched(void *userdata)
{
    tether__taps *taps = userdata;
    uv_mutex_lock(&taps->mutex);
    bool any = false;
    for (tether__tap *t = taps->first; t != NULL; t = t->next) {
        if ((!t->following || t->tag >= 0) && !t->failed)
            continue;
        any = true;
        tether__tap_schedule(taps, t);
    }
    uv_mutex_unlock(&taps->mutex);
    return any;
}

void tether__taps_schedule(const char *task_id, void *userdata)
{
    tether__taps *taps = userdata;
    uv_mutex_lock(&taps->mutex);
    tether__tap *t = tether__tap_find(taps, task_id);
    if (t != NULL)
        tether__tap_schedule(taps, t);
    uv_mutex_unlock(&taps->mutex);
}

/* --- Storing progress --- */

typedef struct progress {
    int number;
    bool drop;
    uint64_t position[2];
} progress;

static bool store_progress(tether__record *record, void *userdata)
{
    const progress *p = userdata;
    int ignored;
    tether__kept_watch watch;
    if (p->drop)
        return tether__kept_watch_drop(record, p->number);
    size_t count = tether__kept_watches_count(record, &ignored);
    for (size_t i = 0; i < count; i++) {
        if (!tether__kept_watch_get(record, i, &watch))
            continue;
        bool wanted = watch.number == p->number;
        memcpy(watch.position, p->position, sizeof watch.position);
        bool done = wanted && tether__kept_watch_put(record, &watch);
        tether__kept_watch_dispose(&watch);
        if (wanted)
            return done;
    }
    return false;
}

/* Stores how far a kept watch has searched, or removes the watch if its search is over. If that
 * fails, the next turn or the close tries again; if the host dies before, matches are delivered
 * again. Takes `disk`. */
static void save_progress(tether__taps *taps, const char *task_id, tether__search *search)
{
    progress p = {search->number, search->over, {search->position[0], search->position[1]}};
    tether__catalog *catalog = &taps->registry->catalog;
    if (!search->kept || (!search->unsaved && !search->over))
        return;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh_change(catalog, task_id, store_progress, &p, NULL, NULL);
    uv_mutex_unlock(&catalog->disk);
    /* Of a task that was removed, nothing is left to save. */
    if (code == TETHER_OK || code == TETHER_ENOTASK)
        search->unsaved = false;
}

void tether__taps_save(tether__taps *taps)
{
    for (tether__tap *t = taps->first; t != NULL; t = t->next) {
        for (size_t i = 0; i < t->count; i++)
            save_progress(taps, t->id, t->searches[i]);
    }
}

/* --- Reading --- */

typedef struct reading {
    tether__taps *taps;
    const char *id;
    bool ended;  /* the task has ended: read only what it had written by then */
    bool failed; /* it is not known whether the task has ended: no event may come again */
    bool closed; /* a callback closed the registry */
    tether__tap *tap;
    tether__search *search; /* the one that is being fed */
    char *block;
} reading;

/* Returns whether the search is still on its tap: a callback or another thread may have removed it.
 */
static bool is_attached(const reading *r)
{
    bool attached = false;
    uv_mutex_lock(&r->taps->mutex);
    for (size_t i = 0; i < r->tap->count; i++)
        attached = attached || r->tap->searches[i] == r->search;
    uv_mutex_unlock(&r->taps->mutex);
    return attached;
}

static tether__delivery deliver_match(const tether_match *match, void *userdata)
{
    bool delivered;
    reading *r = userdata;
    tether_event event = {
        .kind = TETHER_EVENT_MATCH, .task_id = r->id, .match = match, .watch = match->watch};
    r->closed = !tether__events_deliver(r->taps->registry->catalog.events, &event, &delivered);
    if (!delivered)
        return TETHER__UNDELIVERED;
    return !r->closed && is_attached(r) ? TETHER__DELIVERED : TETHER__DELIVERED_LAST;
}

/* --- Truncated files --- */

/* Delivers that a watch, or the ring (0), goes on from the start of a file. */
static void deliver_truncated(reading *r, tether_stream stream, int watch)
{
    bool delivered;
    tether_event event = {
        .kind = TETHER_EVENT_TRUNCATED, .task_id = r->id, .watch = watch, .stream = stream};
    r->closed = !tether__events_deliver(r->taps->registry->catalog.events, &event, &delivered);
}

/* Moves the ring to the start of a file. */
static void restart_ring(reading *r, tether_stream stream)
{
    uv_mutex_lock(&r->taps->mutex);
    bool exists = r->tap->ring != NULL;
    if (exists)
        r->tap->ring->next_byte[stream] = r->tap->outputs[stream].dropped;
    uv_mutex_unlock(&r->taps->mutex);
    if (exists)
        deliver_truncated(r, stream, 0);
}

/* Notes that a file was found truncated. Each search begins again when it is fed next. */
static void note_truncation(reading *r, tether_stream stream)
{
    tether__tap *t = r->tap;
    uv_mutex_lock(&r->taps->mutex);
    t->truncations[stream]++;
    uv_mutex_unlock(&r->taps->mutex);
    if (r->ended && t->end[stream] > t->outputs[stream].end)
        t->end[stream] = t->outputs[stream].end;
    restart_ring(r, stream);
}

/* Returns whether a search has to begin again: the file was found truncated since it was fed, or a
 * truncation before that put its first position beyond the end. */
static bool must_restart(const reading *r, const tether__search *search, tether_stream stream)
{
    return search->truncations[stream] != r->tap->truncations[stream] ||
           tether__output_is_beyond_end(&r->tap->outputs[stream], search->position[stream]);
}

/* What was read of an unfinished line is searched first. */
static int restart_search(reading *r, tether__search *search, tether_stream stream,
                          tether_error *error)
{
    search->truncations[stream] = r->tap->truncations[stream];
    int code = tether__search_feed(search, stream, "", 0, true, deliver_match, r, error);
    if (code == TETHER_OK && !r->closed && !search->over && is_attached(r))
        deliver_truncated(r, stream, search->number);
    if (code == TETHER_OK && !search->over)
        code = tether__search_restart(search, stream, r->tap->outputs[stream].dropped, error);
    return code;
}

/* --- Feeding --- */

/* Reads nothing behind the end of an ended task, but still checks for a truncation. */
static int read_block(const reading *r, tether_stream stream, uint64_t offset, size_t *got,
                      bool *truncated, tether_error *error)
{
    uint64_t size = BLOCK;
    uint64_t end = r->tap->end[stream];
    *got = 0;
    if (r->ended)
        size = offset >= end ? 0 : end - offset < BLOCK ? end - offset : BLOCK;
    return tether__output_read_on(&r->tap->outputs[stream], offset, r->block, (size_t)size, got,
                                  truncated, error);
}

/* Feeds what was read to one search. */
static int feed_bytes(reading *r, tether__search *search, tether_stream stream, size_t got,
                      tether_error *error)
{
    bool last = got == 0 && r->ended;
    if (got == 0 && !last) {
        tether__search_settle(search, stream, deliver_match, r);
        return TETHER_OK;
    }
    return tether__search_feed(search, stream, r->block, got, last, deliver_match, r, error);
}

/* Feeds one block, and stores in *more whether there may be another. Skips bytes that were dropped
 * before they were read. */
static int feed_block(reading *r, tether__search *search, tether_stream stream, bool *more,
                      tether_error *error)
{
    size_t got;
    bool truncated;
    tether_error problem = {0};
    *more = true;
    if (must_restart(r, search, stream))
        return restart_search(r, search, stream, error);
    int code = read_block(r, stream, search->next[stream], &got, &truncated, &problem);
    if (code == TETHER_EDROPPED) {
        uint64_t next = search->next[stream];
        code = tether__output_skip(&r->tap->outputs[stream], &next, error);
        if (code != TETHER_OK)
            return code;
        if (next < search->position[stream])
            next = search->position[stream];
        return tether__search_skip(search, stream, next, error);
    }
    if (code != TETHER_OK) {
        tether__error_set(error, &problem);
        return code;
    }
    if (truncated) {
        note_truncation(r, stream);
        return TETHER_OK;
    }
    *more = got > 0;
    return feed_bytes(r, search, stream, got, error);
}

/* Feeds one stream for one turn. Each stream has a turn of its own, so that a flood on one does not
 * hide the other. Sets *more if something is left for the next turn. After a failure the caller
 * ends the search. */
static int search_stream(reading *r, tether__search *search, tether_stream stream, bool *more,
                         tether_error *error)
{
    bool left = true;
    int code = TETHER_OK;
    for (int block = 0; code == TETHER_OK && left && block < BLOCKS_PER_TURN; block++) {
        code = feed_block(r, search, stream, &left, error);
        if (r->closed || search->over || !is_attached(r))
            return code;
    }
    *more = *more || left;
    return code;
}

/* Ends a search and delivers its WATCH_END. */
static void end_search(reading *r, tether__search *search, const tether_error *problem)
{
    tether_event event = {.kind = TETHER_EVENT_WATCH_END,
                          .task_id = r->id,
                          .watch = search->number,
                          .error = problem};
    bool delivered;
    search->over = true;
    r->closed = !tether__events_deliver(r->taps->registry->catalog.events, &event, &delivered);
    /* Without delivery the search is not over: the next host continues a kept watch. */
    if (!delivered)
        search->over = false;
    if (!r->closed)
        save_progress(r->taps, r->id, search);
}

/* Feeds one search for one turn. Stores in *more whether something is left for the next turn. */
static void run_search(reading *r, tether__search *search, bool *more)
{
    tether_error problem = {.size = sizeof problem}; /* the host gets it with WATCH_END */
    int code = TETHER_OK;
    *more = false;
    for (int stream = 0; code == TETHER_OK && stream < 2 && !search->over && is_attached(r);
         stream++) {
        if (search->searched[stream])
            code = search_stream(r, search, (tether_stream)stream, more, &problem);
        if (r->closed)
            return;
    }
    if (!is_attached(r))
        return;
    bool done = search->over || code != TETHER_OK || (r->ended && !*more);
    if (done)
        end_search(r, search, &problem);
    else
        save_progress(r->taps, r->id, search);
    *more = *more && !done;
}

/* Returns the next search that this turn has not fed yet. While a search is `feeding`, no other
 * thread frees it. */
static tether__search *next_search(tether__taps *taps, tether__tap *t, size_t *index)
{
    uv_mutex_lock(&taps->mutex);
    tether__search *search = *index < t->count ? t->searches[*index] : NULL;
    t->feeding = search;
    uv_mutex_unlock(&taps->mutex);
    return search;
}

/* Frees the search if it is over or was removed, else moves on to the next. If a callback closed
 * the registry, a search that is over stays on its tap, because tether__taps_save still has to
 * remove its kept watch. */
static void finish_search(const reading *r, tether__tap *t, tether__search *search, size_t *index)
{
    tether__taps *taps = r->taps;
    uv_mutex_lock(&taps->mutex);
    t->feeding = NULL;
    bool attached = false;
    for (size_t i = 0; i < t->count; i++) {
        if (t->searches[i] == search) {
            attached = true;
            *index = i + 1;
        }
    }
    bool over = search->over && !r->closed;
    if (over && attached) {
        tether__tap_detach(t, search);
        (*index)--;
    }
    uv_mutex_unlock(&taps->mutex);
    if (over || !attached)
        tether__search_free(search);
}

/* Adds what was read to the ring, if the ring was not replaced during the read. */
static void put_into_ring(const reading *r, tether_stream stream, uint64_t offset, uint64_t next,
                          size_t got)
{
    tether__tap *t = r->tap;
    uv_mutex_lock(&r->taps->mutex);
    if (t->ring != NULL && t->ring->next_byte[stream] == offset) {
        tether__ring_add(t->ring, r->block, got);
        t->ring->next_byte[stream] = next;
    }
    uv_mutex_unlock(&r->taps->mutex);
}

/* Adds one block to the ring. Returns false if there is no more output, or no ring. */
static bool add_to_ring(reading *r, tether_stream stream)
{
    size_t got;
    bool truncated;
    tether__tap *t = r->tap;
    uv_mutex_lock(&r->taps->mutex);
    bool exists = t->ring != NULL;
    uint64_t offset = exists ? t->ring->next_byte[stream] : 0;
    uv_mutex_unlock(&r->taps->mutex);
    if (!exists)
        return false;
    if (tether__output_is_beyond_end(&t->outputs[stream], offset)) {
        restart_ring(r, stream);
        return true;
    }
    int code = read_block(r, stream, offset, &got, &truncated, NULL);
    if (code == TETHER_OK && truncated) {
        note_truncation(r, stream);
        return true;
    }
    uint64_t next = offset + got;
    if (code == TETHER_EDROPPED)
        (void)tether__output_skip(&t->outputs[stream], &next, NULL);
    put_into_ring(r, stream, offset, next, got);
    return next > offset;
}

/* Feeds the ring for one turn. Returns whether something is left for the next turn. */
static bool fill_ring(reading *r)
{
    bool left = false;
    for (int stream = 0; stream < 2; stream++) {
        int block = 0;
        while (block < BLOCKS_PER_TURN && !r->closed && add_to_ring(r, (tether_stream)stream))
            block++;
        left = left || block == BLOCKS_PER_TURN;
    }
    return left;
}

/* Notes in r->ended whether the task has ended, and in r->failed whether that is not known; called
 * before its output is read. Returns false if the task was removed. Takes `disk`. */
static bool check_task(reading *r)
{
    tether__entry *entry;
    tether__catalog *catalog = &r->taps->registry->catalog;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, r->id, TETHER__INSPECT_NOW, &entry, NULL);
    r->ended = code == TETHER_OK && entry->ended;
    /* If the store was removed, no later attempt could find out more. */
    r->failed = code != TETHER_OK && code != TETHER_ENOTASK && code != TETHER_ECORRUPT &&
                code != TETHER_EGONE;
    uv_mutex_unlock(&catalog->disk);
    return code != TETHER_ENOTASK;
}

/* Stops following a bundle that needs no more reading, and frees a tap without searches and ring.
 * `removed`: the task was removed. `done`: there is nothing more to read, unless a search is added
 * later. */
static void clean_up(reading *r, tether__tap *t, bool removed, bool done)
{
    tether__taps *taps = r->taps;
    uv_mutex_lock(&taps->mutex);
    if (done && !t->scheduled)
        tether__tap_close_outputs(t);
    bool idle = t->count == 0 && (t->ring == NULL || removed);
    bool unfollow = t->following && (idle || r->ended);
    if (unfollow)
        t->following = false;
    if (idle && !t->scheduled) {
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

/* Opens files that did not exist before: a task becomes visible shortly before its files. */
static void open_missing(const reading *r)
{
    for (int stream = 0; stream < 2; stream++) {
        tether__output *output = &r->tap->outputs[stream];
        if (output->file.handle < 0)
            tether__output_open(r->taps->registry, r->id, (tether_stream)stream, output, NULL);
    }
}

/* Limits the reading to what was written when the task's end was seen, because leftover processes
 * may write for ever. */
static void set_end(const reading *r)
{
    tether__tap *t = r->tap;
    if (!r->ended || t->end_known)
        return;
    t->end_known = true;
    for (int stream = 0; stream < 2; stream++) {
        tether__output_measure(&t->outputs[stream], NULL);
        t->end[stream] = t->outputs[stream].end;
    }
}

/* Makes the outputs ready to read. If that fails, such as for lack of descriptors, the next turn
 * tries again when the output has grown; the last attempt is at the end of the task. */
static bool open_outputs(reading *r, tether_error *problem)
{
    if (tether__tap_open_outputs(r->taps, r->id, problem) != TETHER_OK) {
        tether__events_log(r->taps->registry->catalog.events, TETHER_LOG_ERROR, r->id, problem);
        return false;
    }
    open_missing(r);
    set_end(r);
    return true;
}

/* Gives every search its turn, or, if `problem` is not NULL, ends every search with it. Returns
 * whether something is left for the next turn; false if the registry was closed. */
static bool run_searches(reading *r, const tether_error *problem)
{
    size_t index = 0;
    bool left = false;
    tether__search *search;
    while (!r->closed && (search = next_search(r->taps, r->tap, &index)) != NULL) {
        bool more = false;
        r->search = search;
        if (problem != NULL)
            end_search(r, search, problem);
        else
            run_search(r, search, &more);
        finish_search(r, r->tap, search, &index);
        left = left || more;
    }
    return left;
}

/* Removes the searches of a task that was removed, without a WATCH_END. */
static void remove_searches(const reading *r)
{
    uv_mutex_lock(&r->taps->mutex);
    tether__tap_remove_searches(r->tap, 0);
    uv_mutex_unlock(&r->taps->mutex);
}

/* Makes the reaper schedule another turn after one that failed, or forget the failure. */
static void note_failure(const reading *r)
{
    uv_mutex_lock(&r->taps->mutex);
    r->tap->failed = r->failed;
    uv_mutex_unlock(&r->taps->mutex);
    if (r->failed)
        tether__reaper_wake(r->taps->registry->reaper);
}

/* Reads one task's output for one turn. */
static void read_tap(reading *r)
{
    bool left = false;
    tether_error problem = {.size = sizeof problem};
    bool exists = check_task(r);
    if (!exists) {
        remove_searches(r);
    } else if (open_outputs(r, &problem)) {
        left = fill_ring(r);
        left = run_searches(r, NULL) || left;
    } else if (r->ended) {
        run_searches(r, &problem);
    }
    if (r->closed)
        return;
    if (left)
        tether__taps_schedule(r->id, r->taps);
    note_failure(r);
    clean_up(r, r->tap, !exists, r->ended && !left);
}

/* The work that tether__tap_schedule queues. */
static void read_turn(const char *task_id, void *userdata)
{
    tether__taps *taps = userdata;
    reading r = {.taps = taps, .id = task_id};
    uv_mutex_lock(&taps->mutex);
    tether__tap *t = tether__tap_find(taps, task_id);
    if (t != NULL)
        t->scheduled = false;
    r.tap = t;
    uv_mutex_unlock(&taps->mutex);
    if (t == NULL)
        return;
    r.block = malloc(BLOCK);
    r.failed = r.block == NULL;
    if (r.block != NULL)
        read_tap(&r);
    else
        note_failure(&r);
    free(r.block);
}
