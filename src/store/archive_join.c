/* Owns the choice of archives to write again, and their new content.
 * Must not: change a record, or remove a task.
 * Thread: any. */
#include "store/archive_join.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"
#include "format/journal.h"
#include "store/archive.h"

enum { SMALL_ARCHIVE = 1024 * 1024 };

/* What stays of one archive, or of several that are joined. */
typedef struct rest {
    const tether__session *session;
    tether__text text;
    json_t *ids; /* of the tasks in the text, as keys */
    bool no_memory;
} rest;

static bool add_rest(void *context, const char *task_id, json_t *record)
{
    rest *r = context;
    size_t size;
    /* A newer archive has it. What has come back to the journal stays: a look may have read the
     * journal before that, and finds the task here. */
    if (json_object_get(r->ids, task_id) != NULL)
        return true;
    char *line = tether__journal_render(record, false, &size);
    if (line != NULL)
        tether__text_add(&r->text, line, size);
    r->no_memory =
        line == NULL || r->text.failed || json_object_set_new(r->ids, task_id, json_true()) != 0;
    free(line);
    return !r->no_memory;
}

/* Replaces the archive `last`, the oldest, by the text, and removes those before it down to
 * `first`: their tasks are in the text. A look reads newer archives first; therefore a task may
 * only move to an older one. A death in between leaves tasks in two archives, which does no harm.
 */
static int replace(const tether__session *session, const tether__archive_numbers *list,
                   size_t first, size_t last, const tether__text *text, tether_error *error)
{
    int code = TETHER_OK;
    if (text->size > 0)
        code = tether__archive_write(session, list->items[last], text->bytes, text->size, error);
    size_t end = text->size > 0 ? last : last + 1;
    for (size_t i = first; code == TETHER_OK && i < end; i++)
        code = tether__archive_remove(session, list->items[i], error);
    return code;
}

/* Reads archives from `first` on as long as they are small enough to be one, and stores which is
 * the last of them, and how many bytes they have. */
static int read_some(rest *r, const tether__archive_numbers *list, size_t first, size_t *last,
                     uint64_t *total, tether_error *error)
{
    tether__file_stamp stamp;
    int code = TETHER_OK;
    *total = 0;
    for (size_t i = first; code == TETHER_OK && i < list->count; i++) {
        code = tether__archive_stamp(r->session, list->items[i], &stamp, error);
        if (code != TETHER_OK || (i > first && *total + stamp.size > SMALL_ARCHIVE))
            break;
        *total += stamp.size;
        *last = i;
        code = tether__archive_read(r->session, list->items[i], add_rest, r, error);
    }
    if (code == TETHER_OK && (r->no_memory || r->ids == NULL))
        code = tether__fail_memory(error, "join archives");
    return code;
}

static int join_some(const tether__session *session, const tether__archive_numbers *list,
                     size_t first, size_t *last, tether_error *error)
{
    rest left = {.session = session, .ids = json_object()};
    uint64_t total;
    *last = first;
    int code = read_some(&left, list, first, last, &total, error);
    if (code == TETHER_OK && (*last > first || left.text.size < total))
        code = replace(session, list, first, *last, &left.text, error);
    tether__text_dispose(&left.text);
    json_decref(left.ids);
    return code;
}

int tether__archive_join(const tether__session *session, uint64_t below, tether_error *error)
{
    tether__archive_numbers list;
    size_t first = 0, last;
    int code = tether__archive_list(session, &list, error);
    while (first < list.count && list.items[first] >= below)
        first++;
    for (size_t i = first; code == TETHER_OK && i < list.count; i = last + 1)
        code = join_some(session, &list, i, &last, error);
    free(list.items);
    return code;
}
