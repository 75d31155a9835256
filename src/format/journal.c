/* Owns the form of a journal's lines.
 * Must not: access the disk, or decide what a task's state is.
 * Thread: any, one line at a time. */
#include "format/journal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/json.h"
#include "format/name.h"
#include "format/record.h"

/* The members of a head and of a removal that records do not have. */
static const char number[] = "journal";
static const char started[] = "started";
static const char removed[] = "removed";
static const char again[] = "again";
static const char unstarted[] = "unstarted";

/* A record has a schema of its own. */
static bool is_newer(const json_t *object, bool of_task)
{
    const json_t *schema = json_object_get(object, "schema_version");
    int known = of_task ? TETHER__RECORD_SCHEMA : TETHER__JOURNAL_SCHEMA;
    return json_is_integer(schema) && json_integer_value(schema) > known;
}

static bool is_count(const json_t *value, json_int_t least)
{
    return json_is_integer(value) && json_integer_value(value) >= least;
}

/* A head without valid numbers is damaged: what it says of the journal cannot be believed. */
static tether__journal_kind read_head(tether__journal_line *line)
{
    const json_t *of_number = json_object_get(line->object, number);
    const json_t *of_started = json_object_get(line->object, started);
    if (!is_count(of_number, 1) || json_integer_value(of_number) > TETHER__JOURNAL_NUMBER_LIMIT ||
        !is_count(of_started, 0))
        return TETHER__JOURNAL_DAMAGED;
    line->number = json_integer_value(of_number);
    line->started = json_integer_value(of_started);
    return TETHER__JOURNAL_HEAD;
}

static tether__journal_kind read_object(tether__journal_line *line)
{
    const json_t *id = json_object_get(line->object, "task_id");
    line->newer = is_newer(line->object, id != NULL);
    if (id == NULL)
        return json_object_get(line->object, number) != NULL ? read_head(line)
                                                             : TETHER__JOURNAL_OTHER;
    if (!json_is_string(id) || !tether__task_id_valid(json_string_value(id)))
        return TETHER__JOURNAL_DAMAGED;
    strcpy(line->task_id, json_string_value(id));
    line->again = json_is_true(json_object_get(line->object, again));
    line->unstarted = json_is_true(json_object_get(line->object, unstarted));
    return json_is_true(json_object_get(line->object, removed)) ? TETHER__JOURNAL_REMOVED
                                                                : TETHER__JOURNAL_CHANGE;
}

int tether__journal_parse(const char *text, size_t size, tether__journal_line *line)
{
    json_error_t problem;
    bool no_memory;
    *line = (tether__journal_line){.kind = TETHER__JOURNAL_DAMAGED};
    line->object = tether__json_parse(text, size, JSON_REJECT_DUPLICATES, &no_memory, &problem);
    if (no_memory)
        return TETHER_ENOMEM;
    if (json_is_object(line->object))
        line->kind = read_object(line);
    if (line->kind == TETHER__JOURNAL_DAMAGED)
        tether__journal_dispose(line);
    return TETHER_OK;
}

/* Returns the id with which a line of a whole record begins, with its length in *size; NULL: the
 * line begins in another way. */
static const char *leading_id(const char *text, size_t size, size_t *length)
{
    static const char first[] = "{\"schema_version\":", second[] = ",\"task_id\":\"";
    const char *end = text + size, *at = text + sizeof first - 1;
    if (size < sizeof first || memcmp(text, first, sizeof first - 1) != 0)
        return NULL;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    if ((size_t)(end - at) < sizeof second || memcmp(at, second, sizeof second - 1) != 0)
        return NULL;
    at += sizeof second - 1;
    const char *quote = memchr(at, '"', (size_t)(end - at));
    *length = quote != NULL ? (size_t)(quote - at) : 0;
    return quote != NULL ? at : NULL;
}

/* Whether the text has the id as a whole JSON string. */
static bool has_string(const char *text, size_t text_size, const char *id, size_t size)
{
    const char *end = text + text_size;
    for (const char *at = text; (size_t)(end - at) >= size + 2; at++) {
        at = memchr(at, '"', (size_t)(end - at) - size - 1);
        if (at == NULL)
            return false;
        if (memcmp(at + 1, id, size) == 0 && at[size + 1] == '"')
            return true;
    }
    return false;
}

bool tether__journal_mentions(const char *text, size_t size, const char *task_id)
{
    size_t length, wanted = strlen(task_id);
    const char *id = leading_id(text, size, &length);
    if (id != NULL)
        return length == wanted && memcmp(id, task_id, wanted) == 0;
    return has_string(text, size, task_id, wanted);
}

void tether__journal_dispose(tether__journal_line *line)
{
    json_decref(line->object);
    *line = (tether__journal_line){.kind = TETHER__JOURNAL_DAMAGED};
}

bool tether__journal_apply(json_t *record, const tether__journal_line *line)
{
    return json_object_update(record, line->object) == 0;
}

/* Sets the fields of `after` that `before` lacks or has otherwise. */
static bool set_changed(json_t *line, json_t *before, json_t *after)
{
    const char *key;
    json_t *value;
    json_object_foreach(after, key, value)
    {
        if (!json_equal(json_object_get(before, key), value) &&
            json_object_set(line, key, value) != 0)
            return false;
    }
    return true;
}

static bool set_missing(json_t *line, json_t *before, json_t *after)
{
    const char *key;
    json_t *value;
    json_object_foreach(before, key, value)
    {
        if (json_object_get(after, key) == NULL && !json_is_null(value) &&
            json_object_set_new(line, key, json_null()) != 0)
            return false;
    }
    return true;
}

json_t *tether__journal_difference(json_t *before, json_t *after)
{
    json_t *line = json_object();
    if (json_object_set(line, "task_id", json_object_get(after, "task_id")) == 0 &&
        set_changed(line, before, after) && set_missing(line, before, after))
        return line;
    json_decref(line);
    return NULL;
}

json_t *tether__journal_head(const char *session_id, int64_t journal, int64_t tasks)
{
    return json_pack("{s:i, s:s, s:I, s:I}", "schema_version", TETHER__JOURNAL_SCHEMA, "session_id",
                     session_id, number, (json_int_t)journal, started, (json_int_t)tasks);
}

json_t *tether__journal_removal(const char *task_id, bool not_started)
{
    if (not_started)
        return json_pack("{s:s, s:b, s:b}", "task_id", task_id, removed, 1, unstarted, 1);
    return json_pack("{s:s, s:b}", "task_id", task_id, removed, 1);
}

static int add_piece(const char *bytes, size_t size, void *text)
{
    tether__text_add(text, bytes, size);
    return ((tether__text *)text)->failed ? -1 : 0;
}

char *tether__journal_render(json_t *object, bool torn, size_t *size)
{
    tether__text text = {0};
    if (torn)
        tether__text_add(&text, "\n", 1);
    bool complete = json_dump_callback(object, add_piece, &text, JSON_COMPACT) == 0;
    tether__text_add(&text, "\n", 1);
    if (!complete || text.failed) {
        tether__text_dispose(&text);
        return NULL;
    }
    *size = text.size;
    return text.bytes;
}
