/* Owns the progress of one watch in the outputs of a task.
 * Must not: read files, or call back except from within a call.
 * Thread: one at a time per search. */
#include "search/search.h"

#include <stdlib.h>

#include "base/error.h"

static int start_matcher(tether__search *search, tether_stream stream, uint64_t position,
                         tether_error *error)
{
    tether__matcher_free(search->matchers[stream]);
    search->matchers[stream] = NULL;
    search->position[stream] = position;
    search->next[stream] = tether__matcher_lookback(position);
    return tether__matcher_new(search->pattern, search->whole_lines, position,
                               &search->matchers[stream], error);
}

int tether__search_new(const tether__kept_watch *what, bool kept, tether__search **out,
                       tether_error *error)
{
    *out = NULL;
    tether__search *search = calloc(1, sizeof *search);
    if (search == NULL)
        return tether__fail_memory(error, "watch output");
    search->number = what->number;
    search->kept = kept;
    search->once = what->once;
    search->whole_lines = what->whole_lines;
    int code = tether__pattern_compile(what->pattern, what->pattern_size, what->fixed,
                                       &search->pattern, error);
    for (int stream = 0; code == TETHER_OK && stream < 2; stream++) {
        search->searched[stream] = what->view == TETHER_VIEW_BOTH || (int)what->view == stream + 1;
        code = start_matcher(search, (tether_stream)stream, what->position[stream], error);
    }
    if (code != TETHER_OK) {
        tether__search_free(search);
        return code;
    }
    *out = search;
    return TETHER_OK;
}

void tether__search_free(tether__search *search)
{
    if (search == NULL)
        return;
    tether__matcher_free(search->matchers[0]);
    tether__matcher_free(search->matchers[1]);
    tether__pattern_free(search->pattern);
    free(search);
}

typedef struct delivery {
    tether__search *search;
    tether_stream stream;
    tether__search_deliver deliver;
    void *userdata;
} delivery;

/* Moves the position behind the match before it delivers the match, because a callback that closes
 * the registry causes the position to be stored. */
static bool on_found(const tether__found *found, void *userdata)
{
    delivery *d = userdata;
    tether__search *search = d->search;
    const tether_match match = {
        .size = sizeof match,
        .watch = search->number,
        .stream = d->stream,
        .offset = found->offset,
        .text = found->text,
        .text_size = found->text_size,
        .match_size = found->size,
        .context = found->context,
        .context_size = found->context_size,
        .context_offset = found->context_offset,
    };
    uint64_t before = search->position[d->stream];
    bool unsaved_before = search->unsaved;
    search->position[d->stream] = found->offset + found->size;
    search->unsaved = true;
    search->over = search->once;
    tether__delivery result = d->deliver(&match, d->userdata);
    if (result == TETHER__UNDELIVERED) {
        search->position[d->stream] = before;
        search->unsaved = unsaved_before;
        search->over = false;
    }
    return result == TETHER__DELIVERED && !search->over;
}

int tether__search_feed(tether__search *search, tether_stream stream, const char *bytes,
                        size_t size, bool last, tether__search_deliver deliver, void *userdata,
                        tether_error *error)
{
    delivery d = {search, stream, deliver, userdata};
    search->next[stream] += size;
    if (search->over)
        return TETHER_OK;
    int code =
        tether__matcher_feed(search->matchers[stream], bytes, size, last, on_found, &d, error);
    if (code != TETHER_OK)
        search->over = true;
    return code;
}

void tether__search_settle(tether__search *search, tether_stream stream,
                           tether__search_deliver deliver, void *userdata)
{
    delivery d = {search, stream, deliver, userdata};
    if (!search->over && search->partial)
        tether__matcher_settle(search->matchers[stream], on_found, &d);
}

static bool ignore_match(const tether__found *found, void *userdata)
{
    (void)found;
    (void)userdata;
    return true;
}

/* The matcher needs the bytes in front of the position, but they were dropped. Feeds line ends
 * instead. */
int tether__search_skip(tether__search *search, tether_stream stream, uint64_t offset,
                        tether_error *error)
{
    int code = start_matcher(search, stream, offset, error);
    for (; code == TETHER_OK && search->next[stream] < offset; search->next[stream]++)
        code = tether__matcher_feed(search->matchers[stream], "\n", 1, false, ignore_match, NULL,
                                    error);
    search->over = search->over || code != TETHER_OK;
    return code;
}

int tether__search_restart(tether__search *search, tether_stream stream, uint64_t offset,
                           tether_error *error)
{
    search->unsaved = true;
    return tether__search_skip(search, stream, offset, error);
}
