/* Owns the reading of growing output for watches and rings.
 * Must not: read on the reaper's time, or touch the registry after a callback closed it.
 * Thread: planning any; reading where callbacks run. */
#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "error.h"
#include "kept_watch.h"
#include "output_stream.h"
#include "refresh.h"
#include "registry.h"
#include "tether/output.h"

/* What is read at once, and at most before others get their turn. */
enum { BLOCK = 64 * 1024, BLOCKS_PER_TURN = 16 };

typedef struct tap {
    struct tap *next;
    char id[TETHER_ID_SIZE];
    int tag;        /* of the bundle's events */
    bool following; /* the bundle is watched */
    bool planned;   /* a reading is queued */
    size_t count;
    tether__search *searches[TETHER_WATCHES_PER_TASK];
    tether__search *reading; /* the one that is being fed: freed by who feeds it */
    tether__ring *ring;      /* NULL: none */
    /* From the first search on, so that what the task's output limit drops at its end is there. Set
     * under the mutex while it is not open; read and closed where the output is read. */
    tether__output outputs[2];
    bool open;
} tap;

struct tether__taps {
    tether_registry *registry;
    uv_mutex_t mutex; /* comes after the catalog's locks, before that of the events */
    tap *first;       /* under the mutex; taps are freed where they are read, or at the end */
};

static bool is_held(const char *task_id, void *userdata);

int tether__taps_open(tether_registry *registry, tether__taps **out, tether_error *error)
{
    *out = NULL;
    tether__taps *taps = calloc(1, sizeof *taps);
    if (taps == NULL)
        return tether__fail_memory(error, "open registry");
    taps->registry = registry;
    if (uv_mutex_init(&taps->mutex) != 0) {
        free(taps);
        return tether__fail_memory(error, "open registry");
    }
    tether__events_hold(registry->catalog.events, is_held, taps);
    *out = taps;
    return TETHER_OK;
}

static void close_outputs(tap *t)
{
    for (int stream = 0; t->open && stream < 2; stream++)
        tether__output_close(&t->outputs[stream]);
    t->open = false;
}

static void tap_free(tap *t)
{
    close_outputs(t);
    for (size_t i = 0; i < t->count; i++)
        tether__search_free(t->searches[i]);
    free(t->ring);
    free(t);
}

void tether__taps_dispose(void *userdata)
{
    tether__taps *taps = userdata;
    if (taps == NULL)
        return;
    while (taps->first != NULL) {
        tap *next = taps->first->next;
        tap_free(taps->first);
        taps->first = next;
    }
    uv_mutex_destroy(&taps->mutex);
    free(taps);
}

/* Under the mutex. */
static tap *find(const tether__taps *taps, const char *task_id)
{
    for (tap *t = taps->first; t != NULL; t = t->next) {
        if (strcmp(t->id, task_id) == 0)
            return t;
    }
    return NULL;
}

/* --- Planning --- */

static void read_task(const char *task_id, void *userdata);

/* Under the mutex. */
static void plan(tether__taps *taps, tap *t)
{
    if (t->planned)
        return;
    t->planned = true;
    tether__events_work(taps->registry->catalog.events, read_task, t->id, taps);
}

bool tether__taps_grown(tether__taps *taps, int tag)
{
    if (taps == NULL)
        return false;
    uv_mutex_lock(&taps->mutex);
    bool any = false;
    for (tap *t = taps->first; t != NULL; t = t->next) {
        any = any || t->following;
        if (t->following && (tag == TETHER__TAPS_ALL || t->tag == tag))
            plan(taps, t);
    }
    uv_mutex_unlock(&taps->mutex);
    return any;
}

void tether__taps_look(tether__taps *taps, const char *task_id)
{
    if (taps == NULL)
        return;
    uv_mutex_lock(&taps->mutex);
    tap *t = find(taps, task_id);
    if (t != NULL)
        plan(taps, t);
    uv_mutex_unlock(&taps->mutex);
}

/* Whether matches of a task may still come. */
static bool is_held(const char *task_id, void *userdata)
{
    tether__taps *taps = userdata;
    uv_mutex_lock(&taps->mutex);
    const tap *t = find(taps, task_id);
    bool held = t != NULL && t->planned && t->count > 0;
    uv_mutex_unlock(&taps->mutex);
    return held;
}

/* --- Opening --- */

static bool is_open(tether__taps *taps, const char *task_id)
{
    uv_mutex_lock(&taps->mutex);
    const tap *t = find(taps, task_id);
    bool open = t != NULL && t->open;
    uv_mutex_unlock(&taps->mutex);
    return open;
}

/* Opens the outputs, unless that was done. Under no lock. */
static int open_outputs(tether__taps *taps, const char *task_id, tether_error *error)
{
    int code = TETHER_OK;
    tether__output outputs[2] = {TETHER__OUTPUT_NONE, TETHER__OUTPUT_NONE};
    if (is_open(taps, task_id))
        return TETHER_OK;
    for (int stream = 0; code == TETHER_OK && stream < 2; stream++)
        code = tether__output_open(taps->registry, task_id, (tether_stream)stream, &outputs[stream],
                                   error);
    uv_mutex_lock(&taps->mutex);
    tap *t = find(taps, task_id);
    bool needed = code == TETHER_OK && t != NULL && !t->open;
    if (needed) {
        memcpy(t->outputs, outputs, sizeof outputs);
        t->open = true;
    }
    uv_mutex_unlock(&taps->mutex);
    for (int stream = 0; !needed && stream < 2; stream++)
        tether__output_close(&outputs[stream]);
    return code;
}

/* --- Adding and removing --- */

/* Marks the entry, for good, so that its end is told here first. Under no lock. */
static void mark(tether__taps *taps, const char *task_id)
{
    tether__catalog *catalog = &taps->registry->catalog;
    uv_mutex_lock(&catalog->state);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry != NULL)
        entry->tapped = true;
    uv_mutex_unlock(&catalog->state);
}

/* Begins to follow a task's output, where that is not done yet. Under no lock. */
static void follow(tether__taps *taps, const char *task_id)
{
    int tag;
    mark(taps, task_id);
    open_outputs(taps, task_id, NULL);
    tether__reaper_follow(taps->registry->reaper, task_id, &tag);
    uv_mutex_lock(&taps->mutex);
    tap *t = find(taps, task_id);
    bool needed = t != NULL && !t->following;
    if (needed) {
        t->following = true;
        t->tag = tag;
        plan(taps, t);
    } else if (t != NULL) {
        plan(taps, t);
    }
    uv_mutex_unlock(&taps->mutex);
    if (!needed)
        tether__reaper_unfollow(taps->registry->reaper, task_id);
}

/* Under the mutex; NULL when memory is short. */
static tap *find_or_make(tether__taps *taps, const char *task_id)
{
    tap *t = find(taps, task_id);
    if (t != NULL)
        return t;
    t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    strcpy(t->id, task_id);
    t->tag = -1;
    t->next = taps->first;
    taps->first = t;
    return t;
}

int tether__taps_add(tether__taps *taps, const char *task_id, tether__search *search,
                     tether_error *error)
{
    int code = TETHER_OK;
    uv_mutex_lock(&taps->mutex);
    tap *t = find_or_make(taps, task_id);
    if (t == NULL)
        code = tether__fail_memory(error, "watch output");
    else if (t->count == TETHER_WATCHES_PER_TASK)
        code = tether__fail(error, TETHER_EQUOTA, 0, "watch output",
                            "task %s has %d watches already; remove one", task_id,
                            TETHER_WATCHES_PER_TASK);
    else
        t->searches[t->count++] = search;
    uv_mutex_unlock(&taps->mutex);
    if (code == TETHER_OK)
        follow(taps, task_id);
    else
        tether__search_free(search);
    return code;
}

/* Takes a search off its tap; who feeds it frees it, else the caller does. Under the mutex. */
static bool detach(tap *t, const tether__search *search)
{
    size_t place = 0;
    while (place < t->count && t->searches[place] != search)
        place++;
    if (place == t->count)
        return false;
    memmove(t->searches + place, t->searches + place + 1,
            (t->count - place - 1) * sizeof t->searches[0]);
    t->count--;
    return true;
}

bool tether__taps_remove(tether__taps *taps, const char *task_id, int number)
{
    bool removed = false;
    uv_mutex_lock(&taps->mutex);
    tap *t = find(taps, task_id);
    for (size_t i = 0; t != NULL && i < t->count;) {
        tether__search *search = t->searches[i];
        if (number != 0 && search->number != number) {
            i++;
            continue;
        }
        detach(t, search);
        if (search != t->reading)
            tether__search_free(search);
        removed = true;
    }
    if (removed)
        plan(taps, t);
    uv_mutex_unlock(&taps->mutex);
    return removed;
}

int tether__taps_largest(tether__taps *taps, const char *task_id)
{
    int largest = 0;
    uv_mutex_lock(&taps->mutex);
    const tap *t = find(taps, task_id);
    for (size_t i = 0; t != NULL && i < t->count; i++) {
        if (t->searches[i]->number > largest)
            largest = t->searches[i]->number;
    }
    uv_mutex_unlock(&taps->mutex);
    return largest;
}

int tether__taps_set_ring(tether__taps *taps, const char *task_id, tether__ring *ring,
                          tether_error *error)
{
    uv_mutex_lock(&taps->mutex);
    tap *t = ring != NULL ? find_or_make(taps, task_id) : find(taps, task_id);
    tether__ring *old = t != NULL ? t->ring : NULL;
    if (t != NULL) {
        t->ring = ring;
        plan(taps, t);
    }
    uv_mutex_unlock(&taps->mutex);
    free(old);
    if (ring == NULL)
        return TETHER_OK;
    if (t == NULL) {
        free(ring);
        return tether__fail_memory(error, "keep ring");
    }
    follow(taps, task_id);
    return TETHER_OK;
}

bool tether__taps_read_ring(tether__taps *taps, const char *task_id, void *buffer, size_t size,
                            size_t *got)
{
    *got = 0;
    uv_mutex_lock(&taps->mutex);
    const tap *t = find(taps, task_id);
    bool there = t != NULL && t->ring != NULL;
    if (there)
        *got = tether__ring_copy(t->ring, buffer, size);
    uv_mutex_unlock(&taps->mutex);
    return there;
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
    for (tap *t = taps->first; t != NULL; t = t->next) {
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
    tap *tap;
    tether__search *search; /* the one that is fed */
    int blocks;             /* that may still be read in this turn */
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

static bool tell(const tether_match *match, void *userdata)
{
    reading *r = userdata;
    tether_event event = {
        .kind = TETHER_EVENT_MATCH, .task_id = r->id, .match = match, .watch = match->watch};
    r->closed = !tether__events_tell(r->taps->registry->catalog.events, &event);
    return !r->closed && is_wanted(r);
}

static int read_block(const reading *r, tether_stream stream, uint64_t offset, size_t *got,
                      tether_error *error)
{
    return tether__output_read(&r->tap->outputs[stream], offset, r->block, BLOCK, got, error);
}

/* Feeds what is there; the search is over where that failed. */
static int search_stream(reading *r, tether__search *search, tether_stream stream,
                         tether_error *error)
{
    size_t got = 1;
    int code = TETHER_OK;
    while (code == TETHER_OK && got > 0 && !search->over && r->blocks > 0) {
        code = read_block(r, stream, search->next[stream], &got, error);
        if (code == TETHER_EDROPPED) {
            code = tether__search_skip(search, stream, r->tap->outputs[stream].dropped, error);
            got = 1;
            continue;
        }
        bool last = got == 0 && r->ended;
        if (code == TETHER_OK && (got > 0 || last))
            code = tether__search_feed(search, stream, r->block, got, last, tell, r, error);
        r->blocks--;
        if (r->closed || !is_wanted(r))
            break;
    }
    return code;
}

/* Ends a search with a word to the host. */
static void end_search(reading *r, tether__search *search, const tether_error *problem)
{
    tether_event event = {.kind = TETHER_EVENT_WATCH_END,
                          .task_id = r->id,
                          .watch = search->number,
                          .error = problem};
    tether__taps *taps = r->taps;
    search->over = true;
    save(taps, r->id, search);
    r->closed = !tether__events_tell(taps->registry->catalog.events, &event);
}

/* Feeds one search as far as this turn allows. */
static void run_search(reading *r, tether__search *search)
{
    tether_error problem = {0};
    int code = TETHER_OK;
    for (int stream = 0; code == TETHER_OK && stream < 2 && !search->over && is_wanted(r);
         stream++) {
        if (search->searched[stream])
            code = search_stream(r, search, (tether_stream)stream, &problem);
        if (r->closed)
            return;
    }
    if (!is_wanted(r))
        return;
    bool done = search->over || code != TETHER_OK || (r->ended && r->blocks > 0);
    if (done)
        end_search(r, search, &problem);
    else
        save(r->taps, r->id, search);
}

/* The next search that was not fed in this turn yet; it cannot be freed by others until then. */
static tether__search *next_search(tether__taps *taps, tap *t, size_t *place)
{
    uv_mutex_lock(&taps->mutex);
    tether__search *search = *place < t->count ? t->searches[*place] : NULL;
    t->reading = search;
    uv_mutex_unlock(&taps->mutex);
    return search;
}

/* Frees the search if it is over, whoever took it off; else goes on to the one behind it. */
static void leave_search(tether__taps *taps, tap *t, tether__search *search, size_t *place)
{
    uv_mutex_lock(&taps->mutex);
    t->reading = NULL;
    bool attached = false;
    for (size_t i = 0; i < t->count; i++) {
        if (t->searches[i] == search) {
            attached = true;
            *place = i + 1;
        }
    }
    bool over = search->over;
    if (over && attached) {
        detach(t, search);
        (*place)--;
    }
    uv_mutex_unlock(&taps->mutex);
    if (over || !attached)
        tether__search_free(search);
}

static void fill_ring(reading *r, tap *t)
{
    for (int stream = 0; stream < 2; stream++) {
        size_t got = 1;
        while (got > 0) {
            uv_mutex_lock(&r->taps->mutex);
            bool there = t->ring != NULL;
            uint64_t offset = there ? t->ring->next_byte[stream] : 0;
            uv_mutex_unlock(&r->taps->mutex);
            if (!there || read_block(r, (tether_stream)stream, offset, &got, NULL) != TETHER_OK)
                break;
            uv_mutex_lock(&r->taps->mutex);
            /* Unless another ring took its place. */
            if (t->ring != NULL && t->ring->next_byte[stream] == offset) {
                tether__ring_add(t->ring, r->block, got);
                t->ring->next_byte[stream] += got;
            }
            uv_mutex_unlock(&r->taps->mutex);
        }
    }
}

/* Whether the task has ended, asked before its output is read; false: it is not there any more. */
static bool look_at_task(reading *r)
{
    tether__entry *entry;
    tether__catalog *catalog = &r->taps->registry->catalog;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, r->id, TETHER__LOOK_NOW, &entry, NULL);
    r->ended = code == TETHER_OK && entry->ended;
    uv_mutex_unlock(&catalog->disk);
    return code != TETHER_ENOTASK;
}

/* Follows no longer what does not grow, and frees what nobody uses. `done`: nothing more will be
 * read, unless a search is added later. */
static void tidy(reading *r, tap *t, bool gone, bool done)
{
    tether__taps *taps = r->taps;
    uv_mutex_lock(&taps->mutex);
    if (done && !t->planned)
        close_outputs(t);
    bool idle = t->count == 0 && (t->ring == NULL || gone);
    bool unfollow = t->following && (idle || r->ended);
    if (unfollow)
        t->following = false;
    if (idle && !t->planned) {
        for (tap **link = &taps->first; *link != NULL; link = &(*link)->next) {
            if (*link == t) {
                *link = t->next;
                break;
            }
        }
        tap_free(t);
    }
    uv_mutex_unlock(&taps->mutex);
    if (unfollow)
        tether__reaper_unfollow(taps->registry->reaper, r->id);
}

/* One turn for one task. */
static void read_tap(reading *r, tap *t)
{
    tether__search *search;
    size_t place = 0;
    bool unfinished = false;
    bool there = look_at_task(r) && open_outputs(r->taps, r->id, NULL) == TETHER_OK;
    if (!there)
        tether__taps_remove(r->taps, r->id, 0);
    if (there)
        fill_ring(r, t);
    while ((search = next_search(r->taps, t, &place)) != NULL) {
        r->blocks = BLOCKS_PER_TURN;
        r->search = search;
        run_search(r, search);
        bool more = r->blocks == 0;
        leave_search(r->taps, t, search, &place);
        if (r->closed)
            return;
        if (more)
            tether__taps_look(r->taps, r->id);
        unfinished = unfinished || more;
    }
    tidy(r, t, !there, r->ended && !unfinished);
}

static void read_task(const char *task_id, void *userdata)
{
    tether__taps *taps = userdata;
    reading r = {.taps = taps, .id = task_id};
    uv_mutex_lock(&taps->mutex);
    tap *t = find(taps, task_id);
    if (t != NULL)
        t->planned = false;
    r.tap = t;
    uv_mutex_unlock(&taps->mutex);
    if (t == NULL)
        return;
    r.block = malloc(BLOCK);
    if (r.block != NULL)
        read_tap(&r, t);
    free(r.block);
}
