/* Owns the writing of a record as JSON.
 * Must not: access the disk, or drop a field that it does not know.
 * Thread: any, one record at a time. */
#include "format/record_write.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "format/left.h"
#include "format/record_fields.h"
#include "format/status.h"

static json_t *store_identity(const tether__record *record, json_t *document);

static bool ensure_document(tether__record *record)
{
    if (record->document == NULL)
        record->document = json_object();
    return record->document != NULL;
}

bool tether__record_set_argv(tether__record *record, const char *const *argv)
{
    json_t *array = json_array();
    for (; array != NULL && *argv != NULL; argv++) {
        char *text = tether__utf8_repair(*argv, strlen(*argv));
        json_t *item = text != NULL ? json_string(text) : NULL;
        free(text);
        if (json_array_append_new(array, item) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array != NULL && ensure_document(record) &&
           json_object_set_new(record->document, "argv", array) == 0;
}

json_t *tether__record_process(int64_t pid, const char *name)
{
    return json_pack("{s:I,s:s?}", "pid", (json_int_t)pid, "name",
                     name != NULL && name[0] != '\0' ? name : NULL);
}

bool tether__record_set_on_end(tether__record *record, const char *command, int64_t exit_code,
                               const char *error)
{
    bool known = exit_code != TETHER_EXIT_UNKNOWN;
    json_t *object = json_pack("{s:s?,s:o,s:s?}", "command", command, "exit_code",
                               known ? json_integer(exit_code) : json_null(), "error", error);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    bool done = text != NULL && tether__record_set(record, &record->on_end, text);
    free(text);
    json_decref(object);
    return done;
}

bool tether__record_close_on_end(tether__record *record, int64_t exit_code, const char *error)
{
    json_t *object = record->on_end != NULL ? json_loads(record->on_end, 0, NULL) : NULL;
    bool done = object != NULL && tether__record_set_on_end(
                                      record, json_string_value(json_object_get(object, "command")),
                                      exit_code, error);
    json_decref(object);
    record->on_end_open = record->on_end_open && !done;
    return done;
}

static json_t *store_codes(const char *list)
{
    int *codes;
    size_t count;
    if (list == NULL)
        return json_null();
    if (!tether__record_pipeline(list, &codes, &count))
        return NULL;
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_integer(codes[i]));
    free(codes);
    return array;
}

static json_t *store_processes(const char *list)
{
    tether__left left;
    if (list == NULL || list[0] == '\0' || !tether__left_parse(list, strlen(list), &left))
        return json_null();
    json_t *array = json_array();
    for (size_t i = 0; i < left.named; i++)
        json_array_append_new(
            array, tether__record_process(left.processes[i].pid, left.processes[i].name));
    return array;
}

static json_t *store_text(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *store_value(const tether__record_field *f, const tether__record *record,
                           json_t *document)
{
    const void *source = tether__record_member(record, f);
    switch (f->kind) {
    case ID:
    case TEXT:
        return *(char *const *)source != NULL ? json_string(*(char *const *)source) : json_null();
    case CODES:
        return store_codes(*(char *const *)source);
    case PROCESSES:
        return store_processes(*(char *const *)source);
    case OBJECT:
        return json_loads(*(char *const *)source, 0, NULL);
    case NUMBER:
    case SIGNAL:
    case TIME: {
        int64_t number = *(const int64_t *)source;
        return number != f->absent ? json_integer(number) : json_null();
    }
    case START_TIME:
        return json_integer((json_int_t) * (const uint64_t *)source);
    case FLAG:
        return json_boolean(*(const bool *)source);
    case STATUS:
        return json_string(tether_status_text(record->status));
    case INTENT:
        return store_text(tether__record_intents[record->kill_intent]);
    case IDENTITY:
        return store_identity(record, document);
    case BOOT:
    case PID_NS:
        return store_text(*(char *const *)source);
    }
    return NULL;
}

/* Whether a field is left out that has no value. A record without an identity says nothing about
 * one. */
static bool is_left_out(const tether__record_field *f, const tether__record *record, bool nulls)
{
    bool omits = f->kind == OBJECT || (f->kind == TEXT && f->absent == TETHER__OMITTED);
    if (omits)
        return *(char *const *)tether__record_member(record, f) == NULL;
    return !nulls && f->kind == IDENTITY && record->identity.pid == 0;
}

/* With `nulls`, fields without a value are null; else they are left out. */
static bool store_fields(const tether__record_fields *list, json_t *object,
                         const tether__record *record, bool nulls)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_left_out(&list->items[i], record, nulls))
            continue;
        json_t *value = store_value(&list->items[i], record, object);
        if (!nulls && json_is_null(value))
            continue;
        if (json_object_set_new(object, list->items[i].name, value) != 0)
            return false;
    }
    return true;
}

/* Updates the object of the document, if any, so that its fields of newer versions are preserved.
 */
static json_t *store_identity(const tether__record *record, json_t *document)
{
    json_t *old = json_object_get(document, "identity");
    json_t *identity = json_is_object(old) ? json_incref(old) : json_object();
    if (identity != NULL &&
        store_fields(&tether__record_identity_members, identity, record, true)) {
        if (record->identity.time_offset_ns == 0)
            json_object_del(identity, "time_offset_ns"); /* most records need no such field */
        if (record->identity.pidfs_id == 0)
            json_object_del(identity, "pidfs_id");
        return identity;
    }
    json_decref(identity);
    return NULL;
}

static bool update(json_t *document, const tether__record *record, bool nulls)
{
    return json_object_set_new(document, "schema_version", json_integer(TETHER__RECORD_SCHEMA)) ==
               0 &&
           store_fields(&tether__record_members, document, record, nulls) &&
           (record->on_end == NULL || json_object_set_new(document, TETHER__RECORD_ON_END_OPEN,
                                                          json_boolean(record->on_end_open)) == 0);
}

/* The known fields come first, so that a line of a journal begins with the task's id. */
json_t *tether__record_document(tether__record *record)
{
    json_t *document = json_object();
    json_t *identity = json_object_get(record->document, "identity");
    bool done =
        document != NULL &&
        (identity == NULL || json_object_set(document, "identity", identity) == 0) &&
        update(document, record, true) &&
        (record->document == NULL || json_object_update_missing(document, record->document) == 0);
    if (!done) {
        json_decref(document);
        return NULL;
    }
    json_decref(record->document);
    record->document = document;
    return document;
}

/* Adds what only the document has, such as the arguments. */
static bool add_memberless(json_t *line, json_t *document)
{
    const char *name;
    json_t *value;
    json_object_foreach(document, name, value)
    {
        if (json_object_get(line, name) == NULL && !tether__record_has_member(name) &&
            !json_is_null(value) && json_object_set(line, name, value) != 0)
            return false;
    }
    return true;
}

json_t *tether__record_birth(const tether__record *record)
{
    json_t *line = json_object();
    if (line != NULL && update(line, record, false) && add_memberless(line, record->document))
        return line;
    json_decref(line);
    return NULL;
}

json_t *tether__record_document_over(const tether__record *record, json_t *base)
{
    json_t *document = json_deep_copy(base);
    if (document != NULL &&
        (record->document == NULL || json_object_update(document, record->document) == 0) &&
        update(document, record, true))
        return document;
    json_decref(document);
    return NULL;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_identity(const tether__kept_identity *a, const tether__kept_identity *b)
{
    return a->pid == b->pid && a->start_time == b->start_time &&
           strcmp(a->boot_id, b->boot_id) == 0 && strcmp(a->pid_ns, b->pid_ns) == 0 &&
           a->time_offset_ns == b->time_offset_ns && a->pidfs_id == b->pidfs_id;
}

static bool is_same(const tether__record_field *f, const void *a, const void *b)
{
    switch (f->kind) {
    case ID:
    case TEXT:
    case CODES:
    case PROCESSES:
    case OBJECT:
    case BOOT:
    case PID_NS:
        return is_same_text(*(char *const *)a, *(char *const *)b);
    case NUMBER:
    case SIGNAL:
    case TIME:
    case START_TIME:
        return *(const int64_t *)a == *(const int64_t *)b;
    case FLAG:
        return *(const bool *)a == *(const bool *)b;
    case STATUS:
        return *(const tether_status *)a == *(const tether_status *)b;
    case INTENT:
        return *(const tether__intent *)a == *(const tether__intent *)b;
    case IDENTITY:
        return is_same_identity(a, b);
    }
    return false;
}

json_t *tether__record_changes(const tether__record *kept, const tether__record *record)
{
    bool known = !kept->newer_identity || is_same_identity(&kept->identity, &record->identity);
    json_t *line = known ? json_object() : NULL;
    bool complete = json_object_set_new(line, "task_id", json_string(record->task_id)) == 0;
    for (size_t i = 0; complete && i < tether__record_members.count; i++) {
        const tether__record_field *f = &tether__record_members.items[i];
        if (!is_same(f, tether__record_member(kept, f), tether__record_member(record, f)))
            complete = json_object_set_new(line, f->name, store_value(f, record, line)) == 0;
    }
    if (complete && kept->on_end_open != record->on_end_open)
        complete = json_object_set_new(line, TETHER__RECORD_ON_END_OPEN,
                                       json_boolean(record->on_end_open)) == 0;
    if (complete)
        return line;
    json_decref(line);
    return NULL;
}

char *tether__record_render(tether__record *record)
{
    json_t *document = tether__record_document(record);
    return document != NULL ? json_dumps(document, JSON_INDENT(1)) : NULL;
}
