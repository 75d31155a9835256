/* Owns the reading of a record's JSON.
 * Must not: access the disk, or refuse a field that it does not know.
 * Thread: any, one record at a time. */
#include "format/record_read.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "format/json.h"
#include "format/left.h"
#include "format/record_fields.h"
#include "format/status.h"

static const char step[] = "read record";

static bool load_intent(json_t *value, tether__intent *intent)
{
    for (int i = 1; json_is_string(value) && i < TETHER__INTENT_COUNT; i++) {
        if (strcmp(json_string_value(value), tether__record_intents[i]) == 0) {
            *intent = (tether__intent)i;
            return true;
        }
    }
    return false;
}

/* Converts an array of exit codes, such as [1, 0], to the text "1,0". */
static bool load_codes(json_t *value, tether__record *record, const char **list)
{
    tether__text text = {0};
    bool valid = json_is_array(value) && json_array_size(value) > 0;
    for (size_t i = 0; valid && i < json_array_size(value); i++) {
        json_int_t code = json_integer_value(json_array_get(value, i));
        char number[24];
        valid = json_is_integer(json_array_get(value, i)) && code >= 0 && code <= INT32_MAX;
        snprintf(number, sizeof number, "%s%" PRId64, i > 0 ? "," : "", (int64_t)code);
        tether__text_add_string(&text, number);
    }
    valid = valid && !text.failed && tether__record_set(record, list, text.bytes);
    tether__text_dispose(&text);
    return valid;
}

/* Converts an array such as [{"pid": 7, "name": "sh"}] to the text "7:sh". */
static bool load_processes(json_t *value, tether__record *record, const char **list)
{
    char text[TETHER__LEFT_TEXT_SIZE];
    tether__left left = {0};
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item)
    {
        json_t *pid = json_object_get(item, "pid"), *name = json_object_get(item, "name");
        if (!json_is_integer(pid))
            return false;
        tether__left_name(&left, json_integer_value(pid),
                          json_is_string(name) ? json_string_value(name) : "",
                          json_string_length(name));
    }
    tether__left_render(&left, text, sizeof text);
    return json_is_array(value) && tether__record_set(record, list, text);
}

static bool load_object(json_t *value, tether__record *record, const char **target)
{
    char *text = json_is_object(value) ? json_dumps(value, JSON_COMPACT) : NULL;
    bool done = text != NULL && tether__record_set(record, target, text);
    free(text);
    return done;
}

/* A newer version may have a status that this version does not know: it shows the task as lost. */
static bool load_status(json_t *value, tether__record *record)
{
    if (json_is_string(value) && tether__status_parse(json_string_value(value), &record->status))
        return true;
    record->status = TETHER_STATUS_LOST;
    return record->read_only &&
           tether__record_set(record, &record->reason, "status of a newer version");
}

/* An empty text stays as initialised. */
static bool load_text(json_t *value, tether__record *record, const char **target, size_t size)
{
    if (!json_is_string(value) || json_string_length(value) >= size)
        return false;
    return json_string_length(value) == 0 ||
           tether__record_set(record, target, json_string_value(value));
}

/* Copies a value to its member. A null leaves the member as initialised. Returns false if the type
 * is wrong. */
static bool load_value(const tether__record_field *f, json_t *value, tether__record *record)
{
    void *target = tether__record_member(record, f);
    if (json_is_null(value))
        return true;
    switch (f->kind) {
    case ID:
    case TEXT:
        return json_is_string(value) &&
               tether__record_set(record, target, json_string_value(value));
    case CODES:
        return load_codes(value, record, target);
    case PROCESSES:
        return load_processes(value, record, target);
    case OBJECT:
        return load_object(value, record, target);
    case NUMBER:
    case SIGNAL:
    case TIME:
        if (json_is_integer(value))
            *(int64_t *)target = json_integer_value(value);
        return json_is_integer(value);
    case START_TIME:
        if (json_is_integer(value))
            *(uint64_t *)target = (uint64_t)json_integer_value(value);
        return json_is_integer(value);
    case FLAG:
        *(bool *)target = json_is_true(value);
        return json_is_boolean(value);
    case INTENT:
        return load_intent(value, target);
    case BOOT:
        return load_text(value, record, target, TETHER__BOOT_ID_SIZE);
    case PID_NS:
        return load_text(value, record, target, TETHER__PID_NS_SIZE);
    case IDENTITY:
        return json_is_object(value);
    case STATUS:
        return true; /* tether__record_parse reads it last */
    }
    return false;
}

/* Returns the name of the first field that could not be loaded, or NULL. *no_memory says why:
 * memory is short, or the type is wrong. A newer schema may have changed types: such fields are
 * skipped. */
static const char *load_fields(const tether__record_fields *list, json_t *object,
                               tether__record *record, bool *no_memory)
{
    for (size_t i = 0; i < list->count; i++) {
        json_t *value = json_object_get(object, list->items[i].name);
        if (value == NULL || load_value(&list->items[i], value, record))
            continue;
        *no_memory =
            (list->items[i].kind == ID || list->items[i].kind == TEXT) && json_is_string(value);
        if (*no_memory || !record->read_only)
            return list->items[i].name;
    }
    return NULL;
}

static bool has_unknown_fields(json_t *identity)
{
    size_t known = 0;
    for (size_t i = 0; i < tether__record_identity_members.count; i++)
        known += json_object_get(identity, tether__record_identity_members.items[i].name) != NULL;
    return json_object_size(identity) > known;
}

int tether__record_parse(const char *text, size_t size, const char *task_id, tether__record *record,
                         tether_error *error)
{
    json_error_t problem;
    bool no_memory;
    json_t *document = tether__json_parse(text, size, JSON_REJECT_DUPLICATES, &no_memory, &problem);
    if (no_memory)
        return tether__fail_memory(error, step);
    if (document == NULL)
        return tether__fail(
            error, TETHER_ECORRUPT, 0, step,
            "the record of task %s is not JSON (line %d: %s); tether gc moves it to the quarantine",
            task_id, problem.line, problem.text);
    return tether__record_read(document, task_id, record, error);
}

int tether__record_read(json_t *document, const char *task_id, tether__record *record,
                        tether_error *error)
{
    bool no_memory = false;
    record->document = document;
    json_t *schema = json_object_get(document, "schema_version");
    if (!json_is_integer(schema) || json_integer_value(schema) < 1)
        return tether__fail(
            error, TETHER_ECORRUPT, 0, step,
            "the record of task %s has no schema_version; tether gc moves it to the quarantine",
            task_id);
    record->read_only = json_integer_value(schema) > TETHER__RECORD_SCHEMA;

    const char *wrong = load_fields(&tether__record_members, document, record, &no_memory);
    if (wrong == NULL)
        wrong = load_fields(&tether__record_identity_members, json_object_get(document, "identity"),
                            record, &no_memory);
    if (no_memory)
        return tether__fail_memory(error, step);
    /* After the other fields, because an unknown status replaces the reason. */
    if (wrong == NULL && !load_status(json_object_get(document, "status"), record))
        wrong = "status";
    record->on_end_open = json_is_true(json_object_get(document, TETHER__RECORD_ON_END_OPEN));
    record->watched = json_array_size(json_object_get(document, TETHER__RECORD_WATCHES)) > 0;
    record->newer_identity = has_unknown_fields(json_object_get(document, "identity"));
    if (wrong == NULL && (record->task_id == NULL || strcmp(record->task_id, task_id) != 0))
        wrong = "task_id";
    if (wrong == NULL && record->session_id == NULL)
        wrong = "session_id";
    if (wrong != NULL)
        return tether__fail(error, TETHER_ECORRUPT, 0, step,
                            "the record of task %s has a wrong or missing field \"%s\"; tether gc "
                            "moves it to the quarantine",
                            task_id, wrong);
    return TETHER_OK;
}
