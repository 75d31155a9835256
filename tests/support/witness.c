/* Owns the events that a host's callback got.
 * Must not: assert anything on the callback's thread.
 * Thread: witness_event on the callback's, the rest on the test's. */
#include "support/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void witness_open(witness *w)
{
    *w = (witness){0};
    assert_int_equal(uv_mutex_init(&w->mutex), 0);
}

void witness_close(witness *w)
{
    assert_int_equal(w->wrong_sizes, 0);
    free(w->events);
    uv_mutex_destroy(&w->mutex);
}

static void copy_text(char *to, size_t room, const char *text, size_t size)
{
    size_t count = size < room - 1 ? size : room - 1;
    memcpy(to, text, count);
    to[count] = '\0';
}

/* Counts the structs of an event whose member `size` is wrong. */
static size_t count_wrong_sizes(const tether_event *event)
{
    size_t wrong = event->size != sizeof *event;
    wrong += event->snapshot != NULL && event->snapshot->size != sizeof *event->snapshot;
    wrong += event->match != NULL && event->match->size != sizeof *event->match;
    wrong += event->error != NULL && event->error->size != sizeof *event->error;
    return wrong;
}

static seen_event record_event(const tether_event *event)
{
    seen_event seen = {.kind = event->kind,
                       .status = TETHER_STATUS_LOST,
                       .elapsed_ms = event->elapsed_ms,
                       .watch = event->watch,
                       .stream = event->stream};
    if (event->task_id != NULL)
        snprintf(seen.task_id, sizeof seen.task_id, "%s", event->task_id);
    if (event->snapshot != NULL)
        seen.status = event->snapshot->status;
    if (event->error != NULL)
        seen.code = event->error->code;
    if (event->match != NULL) {
        seen.offset = event->match->offset;
        seen.stream = event->match->stream;
        copy_text(seen.text, sizeof seen.text, event->match->text, event->match->text_size);
        copy_text(seen.context, sizeof seen.context, event->match->context,
                  event->match->context_size);
    }
    return seen;
}

void witness_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    witness *w = userdata;
    uv_mutex_lock(&w->mutex);
    seen_event *events = realloc(w->events, (w->count + 1) * sizeof *events);
    if (events == NULL)
        abort();
    w->events = events;
    w->events[w->count++] = record_event(event);
    w->wrong_sizes += count_wrong_sizes(event);
    uv_mutex_unlock(&w->mutex);
    if (w->react != NULL)
        w->react(registry, event, w);
}

static bool matches(const seen_event *event, tether_event_kind kind, const char *id)
{
    return event->kind == kind && (id == NULL || strcmp(event->task_id, id) == 0);
}

size_t witness_count(witness *w, tether_event_kind kind, const char *id)
{
    size_t count = 0;
    uv_mutex_lock(&w->mutex);
    for (size_t i = 0; i < w->count; i++)
        count += matches(&w->events[i], kind, id) ? 1 : 0;
    uv_mutex_unlock(&w->mutex);
    return count;
}

seen_event witness_get(witness *w, tether_event_kind kind, const char *id, size_t n)
{
    seen_event found = {0};
    bool is_found = false;
    uv_mutex_lock(&w->mutex);
    for (size_t i = 0; i < w->count && !is_found; i++) {
        if (matches(&w->events[i], kind, id) && n-- == 0) {
            found = w->events[i];
            is_found = true;
        }
    }
    uv_mutex_unlock(&w->mutex);
    assert_true(is_found);
    return found;
}

size_t witness_place(witness *w, tether_event_kind kind, const char *id)
{
    size_t place = SIZE_MAX;
    uv_mutex_lock(&w->mutex);
    for (size_t i = 0; i < w->count && place == SIZE_MAX; i++) {
        if (matches(&w->events[i], kind, id))
            place = i;
    }
    uv_mutex_unlock(&w->mutex);
    return place;
}

tether_registry *witness_registry(fixture *f, witness *w, const tether_open_options *given)
{
    tether_registry *registry;
    tether_open_options options = {0};
    if (given != NULL)
        options = *given;
    options.store = f->store;
    options.reaper = test_reaper_mode();
    options.no_gc = 1;
    options.on_event = witness_event;
    options.userdata = w;
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    return registry;
}
