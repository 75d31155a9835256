/* Owns the form of a journal's lines.
 * Must not: access the disk, or decide what a task's state is.
 * Thread: any, one line at a time. */
#include "format/journal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/json.h"
#include "format/key.h"
#include "format/name.h"
#include "format/record.h"
#include "format/scan.h"
#include "format/status.h"

enum { STATUS_SIZE = 32 }; /* longer than the name of any status */

/* The members of a head and of a removal that records do not have. */
static const char number[] = "journal";
static const char started[] = "started";
static const char removed[] = "removed";
static const char again[] = "again";
static const char unstarted[] = "unstarted";

/* The members of a line that say what it is, by the lengths of their names. */
typedef enum member {
    KEY,
    AGAIN,
    STATUS,
    NUMBER,
    STARTED,
    TASK,
    REMOVED,
    WATCHES,
    UNSTARTED,
    SESSION,
    OPEN,
    INTENT,
    LIMIT,
    SCHEMA,
    NOTIFY,
    DELIVERED,
    DEADLINE,
    MEMBERS
} member;

#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct {
    const char *text;
    size_t size;
} names[MEMBERS] = {
    NAME("key"),
    NAME(again),
    NAME("status"),
    NAME(number),
    NAME(started),
    NAME("task_id"),
    NAME(removed),
    NAME(TETHER__RECORD_WATCHES),
    NAME(unstarted),
    NAME("session_id"),
    NAME(TETHER__RECORD_ON_END_OPEN),
    NAME("kill_intent"),
    NAME("output_limit"),
    NAME("schema_version"),
    NAME("notify_on_completion"),
    NAME("completion_delivered"),
    NAME("deadline_monotonic_ms"),
};

/* At the length of a name: the first member that has such a name, and one more; 0: none. Who starts
 * a task reads all lines, and most of what a line says is of no member here. */
static const unsigned char first_of_size[] = {
    [3] = KEY + 1,       [5] = AGAIN + 1,    [6] = STATUS + 1,    [7] = NUMBER + 1,
    [9] = UNSTARTED + 1, [10] = SESSION + 1, [11] = OPEN + 1,     [12] = LIMIT + 1,
    [14] = SCHEMA + 1,   [20] = NOTIFY + 1,  [21] = DEADLINE + 1,
};

/* Returns MEMBERS for another name. */
static member member_of(const char *key, size_t size)
{
    unsigned i = size < sizeof first_of_size ? first_of_size[size] : 0;
    for (i = i > 0 ? i - 1 : MEMBERS; i < MEMBERS && names[i].size == size; i++) {
        if (names[i].text[0] == *key && memcmp(names[i].text, key, size) == 0)
            return (member)i;
    }
    return MEMBERS;
}

/* A record has a schema of its own. */
static bool is_newer(const tether__scanned *schema, bool of_task)
{
    int known = of_task ? TETHER__RECORD_SCHEMA : TETHER__JOURNAL_SCHEMA;
    return schema->type == TETHER__SCANNED_INTEGER && schema->integer > known;
}

static bool is_count(const tether__scanned *value, int64_t least)
{
    return value->type == TETHER__SCANNED_INTEGER && value->integer >= least;
}

static bool is_true(const tether__scanned *value)
{
    return value->type == TETHER__SCANNED_TRUE;
}

/* A head without valid numbers is damaged: what it says of the journal cannot be believed. */
static tether__journal_kind read_head(const tether__scanned members[], tether__journal_line *line)
{
    const tether__scanned *of_number = &members[NUMBER], *of_started = &members[STARTED];
    if (!is_count(of_number, 1) || of_number->integer > TETHER__JOURNAL_NUMBER_LIMIT ||
        !is_count(of_started, 0))
        return TETHER__JOURNAL_DAMAGED;
    line->number = of_number->integer;
    line->started = of_started->integer;
    return TETHER__JOURNAL_HEAD;
}

static bool copy_text(const tether__scanned *value, char *text, size_t size)
{
    if (value->type != TETHER__SCANNED_TEXT || value->size >= size)
        return false;
    memcpy(text, value->text, value->size);
    text[value->size] = '\0';
    return true;
}

/* A status of a newer version counts as an end, as in tether__record_read. */
static bool is_end(const tether__scanned *value)
{
    char text[STATUS_SIZE];
    tether_status status;
    return !copy_text(value, text, sizeof text) || !tether__status_parse(text, &status) ||
           tether_status_ended(status);
}

static tether__said said(const tether__scanned *value, bool yes)
{
    if (value->type == TETHER__SCANNED_ABSENT)
        return TETHER__UNSAID;
    return yes ? TETHER__SAID_YES : TETHER__SAID_NO;
}

static int64_t deadline_of(const tether__scanned *value)
{
    if (value->type == TETHER__SCANNED_ABSENT)
        return -1;
    return is_count(value, 1) ? value->integer : 0;
}

static tether__journal_kind read_task(const tether__scanned members[], tether__journal_line *line)
{
    const tether__scanned *watches = &members[WATCHES];
    line->again = is_true(&members[AGAIN]);
    line->unstarted = is_true(&members[UNSTARTED]);
    line->birth = members[SESSION].type != TETHER__SCANNED_ABSENT;
    line->ended = said(&members[STATUS], is_end(&members[STATUS]));
    line->watched = said(watches, watches->type == TETHER__SCANNED_ARRAY && !watches->empty);
    line->limited = said(&members[LIMIT], is_count(&members[LIMIT], 1));
    line->open = said(&members[OPEN], is_true(&members[OPEN]));
    line->notify = said(&members[NOTIFY], is_true(&members[NOTIFY]));
    line->delivered = said(&members[DELIVERED], is_true(&members[DELIVERED]));
    line->killing = said(&members[INTENT], members[INTENT].type == TETHER__SCANNED_TEXT);
    line->deadline_ms = deadline_of(&members[DEADLINE]);
    if (line->birth && members[KEY].type == TETHER__SCANNED_TEXT)
        line->key = tether__key_hash(members[KEY].text, members[KEY].size);
    return is_true(&members[REMOVED]) ? TETHER__JOURNAL_REMOVED : TETHER__JOURNAL_CHANGE;
}

static tether__journal_kind read_members(const tether__scanned members[],
                                         tether__journal_line *line)
{
    bool of_task = members[TASK].type != TETHER__SCANNED_ABSENT;
    line->newer = is_newer(&members[SCHEMA], of_task);
    if (!of_task)
        return members[NUMBER].type != TETHER__SCANNED_ABSENT ? read_head(members, line)
                                                              : TETHER__JOURNAL_OTHER;
    if (!copy_text(&members[TASK], line->task_id, sizeof line->task_id) ||
        !tether__task_id_valid(line->task_id))
        return TETHER__JOURNAL_DAMAGED;
    return read_task(members, line);
}

/* What a document says, as a scan would say it. */
static tether__scanned value_of(const json_t *value)
{
    switch (value != NULL ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        return (tether__scanned){.type = TETHER__SCANNED_TEXT,
                                 .text = json_string_value(value),
                                 .size = json_string_length(value)};
    case JSON_INTEGER:
        return (tether__scanned){.type = TETHER__SCANNED_INTEGER,
                                 .integer = json_integer_value(value)};
    case JSON_ARRAY:
        return (tether__scanned){.type = TETHER__SCANNED_ARRAY,
                                 .empty = json_array_size(value) == 0};
    case JSON_TRUE:
        return (tether__scanned){.type = TETHER__SCANNED_TRUE};
    case JSON_NULL:
        return (tether__scanned){.type =
                                     value != NULL ? TETHER__SCANNED_NULL : TETHER__SCANNED_ABSENT};
    default:
        return (tether__scanned){.type = TETHER__SCANNED_OBJECT}; /* all others mean the same */
    }
}

/* Says what the members make the line. */
static void conclude(const tether__scanned members[], tether__journal_line *line)
{
    line->kind = read_members(members, line);
    if (line->kind == TETHER__JOURNAL_DAMAGED)
        tether__journal_dispose(line);
}

int tether__journal_parse(const char *text, size_t size, tether__journal_line *line)
{
    json_error_t problem;
    bool no_memory;
    tether__scanned members[MEMBERS];
    *line = (tether__journal_line){.kind = TETHER__JOURNAL_DAMAGED};
    line->object = tether__json_parse(text, size, JSON_REJECT_DUPLICATES, &no_memory, &problem);
    if (no_memory)
        return TETHER_ENOMEM;
    for (int i = 0; i < MEMBERS; i++)
        members[i] = value_of(json_object_get(line->object, names[i].text));
    if (json_is_object(line->object))
        conclude(members, line);
    else
        tether__journal_dispose(line);
    return TETHER_OK;
}

/* Ends the scan at a text with escapes: what it means is not known. */
static bool keep_member(void *context, const char *key, size_t size, const tether__scanned *value)
{
    tether__scanned *members = context;
    member found = member_of(key, size);
    if (found == MEMBERS)
        return true;
    members[found] = *value;
    return value->type != TETHER__SCANNED_TEXT || value->text != NULL;
}

int tether__journal_skim(const char *text, size_t size, tether__journal_line *line)
{
    tether__scanned members[MEMBERS] = {{.type = TETHER__SCANNED_ABSENT}};
    if (!tether__scan_object(text, size, keep_member, members)) {
        int code = tether__journal_parse(text, size, line);
        json_decref(line->object);
        line->object = NULL;
        return code;
    }
    *line = (tether__journal_line){.kind = TETHER__JOURNAL_DAMAGED};
    conclude(members, line);
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

/* Sets the fields of `after` that `before` has otherwise. A field that is missing is null. */
static bool set_changed(json_t *line, json_t *before, json_t *after)
{
    const char *key;
    json_t *value;
    json_object_foreach(after, key, value)
    {
        json_t *old = json_object_get(before, key);
        bool none = old == NULL && json_is_null(value);
        if (!none && !json_equal(old, value) && json_object_set(line, key, value) != 0)
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

char *tether__journal_render(json_t *object, bool apart, size_t *size)
{
    tether__text text = {0};
    if (apart)
        tether__text_add(&text, "\n", 1);
    bool complete = tether__json_add(object, &text);
    tether__text_add(&text, "\n", 1);
    if (!complete || text.failed) {
        tether__text_dispose(&text);
        return NULL;
    }
    *size = text.size;
    return text.bytes;
}
