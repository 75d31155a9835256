/* Owns the mapping between a record's JSON and struct tether__record.
 * Must not: access the disk, derive the state of a task, or drop a field that it does not know.
 * Thread: any, one record at a time. */
#include "format/record.h"

#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "format/json.h"
#include "format/left.h"
#include "format/status.h"

static const char step[] = "read record";
static const char watches[] = TETHER__RECORD_WATCHES;

typedef enum field_kind {
    TETHER__SHARED_KINDS,
    INTENT,
    PROCESSES,
    OBJECT,
    IDENTITY,
    BOOT,
    /* In the object "identity" only. */
    START_TIME, /* any number that is never negative */
    PID_NS
} field_kind;

typedef struct field {
    const char *name;
    field_kind kind;
    size_t offset;
    int64_t absent; /* the number that means null */
} field;

#define STORED_FIELD(kind, name, absent, type, text)                                               \
    {#name, kind, offsetof(tether__record, name), absent},
#define NO_FIELD(...)

static const field fields[] = {
    TETHER__FIELDS(STORED_FIELD, STORED_FIELD, NO_FIELD, NO_FIELD)
    /* A copy of child_pid for scripts. Parsing checks its type and takes its value, which is the
     * same. */
    {"pgid", NUMBER, offsetof(tether__record, child_pid), 0},
};

static const field identity_fields[] = {
    {"pid", NUMBER, offsetof(tether__record, identity.pid), 0},
    {"start_time", START_TIME, offsetof(tether__record, identity.start_time), 0},
    {"boot_id", BOOT, offsetof(tether__record, identity.boot_id), 0},
    {"pid_ns", PID_NS, offsetof(tether__record, identity.pid_ns), 0},
    {"time_offset_ns", NUMBER, offsetof(tether__record, identity.time_offset_ns), 0},
    {"pidfs_id", START_TIME, offsetof(tether__record, identity.pidfs_id), 0},
};

enum {
    FIELD_COUNT = sizeof fields / sizeof fields[0],
    IDENTITY_COUNT = sizeof identity_fields / sizeof identity_fields[0]
};

/* What most records have as supervisor, survival and outputs. */
static const char *const constants[] = {TETHER__SUPERVISOR_SCRIPT,
                                        TETHER__SUPERVISOR_MONITOR,
                                        TETHER__SUPERVISOR_PROXY,
                                        TETHER__SURVIVAL_DETACHED,
                                        TETHER__SURVIVAL_BOUND,
                                        TETHER__SURVIVAL_WITH_HOST,
                                        TETHER__OUTPUT_PIPE,
                                        TETHER__OUTPUT_DIRECT,
                                        "stdout",
                                        "stderr"};

/* By tether__intent. */
static const char *const intents[] = {NULL, "kill", "timeout", "shutdown"};

static void *member(const tether__record *record, const field *f)
{
    return (char *)record + f->offset;
}

static bool is_text(const field *f)
{
    return f->kind == TEXT || f->kind == ID || f->kind == PROCESSES || f->kind == OBJECT;
}

/* Whether the member is a text that the record owns. */
static bool has_text(const field *f)
{
    return is_text(f) || f->kind == CODES;
}

static bool is_number(const field *f)
{
    return f->kind == NUMBER || f->kind == SIGNAL || f->kind == TIME;
}

void tether__record_init(tether__record *record)
{
    *record = (tether__record){.notify_on_completion = true};
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (is_number(&fields[i]) && fields[i].absent != TETHER__STORED_0)
            *(int64_t *)member(record, &fields[i]) = fields[i].absent;
    }
}

/* Returns the constant that is this text, if most records have the text; else NULL. */
static const char *constant_of(const char *text)
{
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        if (strcmp(constants[i], text) == 0)
            return constants[i];
    }
    return NULL;
}

static bool has_own_memory(const tether__record *record, const char *text)
{
    bool packed = (uintptr_t)text - (uintptr_t)record->packed < record->packed_size;
    return text != NULL && !packed && constant_of(text) != text;
}

static void replace_text(tether__record *record, const char **text, const char *by)
{
    if (has_own_memory(record, *text))
        free((void *)*text);
    *text = by;
}

static void free_texts(tether__record *record, bool codes)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (is_text(&fields[i]) || (codes && has_text(&fields[i])))
            replace_text(record, member(record, &fields[i]), NULL);
    }
    free(record->packed);
    record->packed = NULL;
    record->packed_size = 0;
    json_decref(record->document);
    record->document = NULL;
}

void tether__record_dispose(tether__record *record)
{
    free_texts(record, true);
    tether__record_init(record);
}

void tether__record_trim(tether__record *record)
{
    free_texts(record, false);
}

bool tether__record_set(tether__record *record, const char **text, const char *value)
{
    char *copy = NULL;
    if (!tether__utf8_set(&copy, value))
        return false;
    replace_text(record, text, copy);
    return true;
}

bool tether__record_is_monitored(const tether__record *record)
{
    return record->supervisor != NULL &&
           strcmp(record->supervisor, TETHER__SUPERVISOR_MONITOR) == 0;
}

bool tether__record_is_proxy(const tether__record *record)
{
    return record->supervisor != NULL && strcmp(record->supervisor, TETHER__SUPERVISOR_PROXY) == 0;
}

static bool ensure_document(tether__record *record)
{
    if (record->document == NULL)
        record->document = json_object();
    return record->document != NULL;
}

bool tether__record_left_nothing(const tether__record *record)
{
    return tether__record_is_proxy(record) || record->survivor_count == 0;
}

bool tether__record_is_done(const tether__record *record)
{
    return !record->read_only && tether_status_ended(record->status) &&
           (record->completion_delivered || !record->notify_on_completion) && !record->watched &&
           !record->on_end_open;
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

static bool load_intent(json_t *value, tether__intent *intent)
{
    for (int i = 1; json_is_string(value) && i < (int)(sizeof intents / sizeof intents[0]); i++) {
        if (strcmp(json_string_value(value), intents[i]) == 0) {
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
    valid = valid && !text.failed;
    if (valid) {
        replace_text(record, list, text.bytes);
    } else {
        tether__text_dispose(&text);
    }
    return valid;
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

bool tether__record_pipeline(const char *list, int **codes, size_t *count)
{
    size_t room = 1;
    for (const char *c = list; *c != '\0'; c++)
        room += *c == ',';
    *count = 0;
    *codes = calloc(room, sizeof **codes);
    if (*codes == NULL)
        return false;
    for (char *end; *count < room; list = *end == ',' ? end + 1 : end)
        (*codes)[(*count)++] = (int)strtol(list, &end, 10);
    return true;
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

json_t *tether__record_process(int64_t pid, const char *name)
{
    return json_pack("{s:I,s:s?}", "pid", (json_int_t)pid, "name",
                     name != NULL && name[0] != '\0' ? name : NULL);
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

static bool load_object(json_t *value, tether__record *record, const char **target)
{
    char *text = json_is_object(value) ? json_dumps(value, JSON_COMPACT) : NULL;
    bool done = text != NULL && tether__record_set(record, target, text);
    free(text);
    return done;
}

bool tether__record_set_on_end(tether__record *record, const char *command, int64_t exit_code,
                               const char *error)
{
    bool known = exit_code != TETHER_EXIT_UNKNOWN;
    json_t *object = json_pack("{s:s?,s:o,s:s?}", "command", command, "exit_code",
                               known ? json_integer(exit_code) : json_null(), "error", error);
    bool done = object != NULL && load_object(object, record, &record->on_end);
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

/* A newer version may have a status that this version does not know: it shows the task as lost. */
static bool load_status(json_t *value, tether__record *record)
{
    if (json_is_string(value) && tether__status_parse(json_string_value(value), &record->status))
        return true;
    record->status = TETHER_STATUS_LOST;
    return record->read_only &&
           tether__record_set(record, &record->reason, "status of a newer version");
}

static bool load_text(json_t *value, char *target, size_t size)
{
    if (!json_is_string(value) || json_string_length(value) >= size)
        return false;
    strcpy(target, json_string_value(value));
    return true;
}

/* Copies a value to its member. A null leaves the member as initialised. Returns false if the type
 * is wrong. */
static bool load_value(const field *f, json_t *value, tether__record *record)
{
    void *target = member(record, f);
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
        return load_text(value, target, TETHER__BOOT_ID_SIZE);
    case PID_NS:
        return load_text(value, target, TETHER__PID_NS_SIZE);
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
static const char *load_fields(const field *list, size_t count, json_t *object,
                               tether__record *record, bool *no_memory)
{
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(object, list[i].name);
        if (value == NULL || load_value(&list[i], value, record))
            continue;
        *no_memory = (list[i].kind == ID || list[i].kind == TEXT) && json_is_string(value);
        if (*no_memory || !record->read_only)
            return list[i].name;
    }
    return NULL;
}

static bool has_unknown_fields(json_t *identity)
{
    size_t known = 0;
    for (size_t i = 0; i < IDENTITY_COUNT; i++)
        known += json_object_get(identity, identity_fields[i].name) != NULL;
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

    const char *wrong = load_fields(fields, FIELD_COUNT, document, record, &no_memory);
    if (wrong == NULL)
        wrong = load_fields(identity_fields, IDENTITY_COUNT, json_object_get(document, "identity"),
                            record, &no_memory);
    if (no_memory)
        return tether__fail_memory(error, step);
    /* After the other fields, because an unknown status replaces the reason. */
    if (wrong == NULL && !load_status(json_object_get(document, "status"), record))
        wrong = "status";
    record->on_end_open = json_is_true(json_object_get(document, TETHER__RECORD_ON_END_OPEN));
    record->watched = json_array_size(json_object_get(document, watches)) > 0;
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

static json_t *store_identity(const tether__record *record, json_t *document);

static json_t *store_text(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *store_value(const field *f, const tether__record *record, json_t *document)
{
    const void *source = member(record, f);
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
        return store_text(intents[record->kill_intent]);
    case IDENTITY:
        return store_identity(record, document);
    case BOOT:
    case PID_NS:
        return store_text(source);
    }
    return NULL;
}

/* Whether a field is left out that has no value. A record without an identity says nothing about
 * one. */
static bool is_left_out(const field *f, const tether__record *record, bool nulls)
{
    bool omits = f->kind == OBJECT || (f->kind == TEXT && f->absent == TETHER__OMITTED);
    if (omits)
        return *(char *const *)member(record, f) == NULL;
    return !nulls && f->kind == IDENTITY && record->identity.pid == 0;
}

/* With `nulls`, fields without a value are null; else they are left out. */
static bool store_fields(const field *list, size_t count, json_t *object,
                         const tether__record *record, bool nulls)
{
    for (size_t i = 0; i < count; i++) {
        if (is_left_out(&list[i], record, nulls))
            continue;
        json_t *value = store_value(&list[i], record, object);
        if (!nulls && json_is_null(value))
            continue;
        if (json_object_set_new(object, list[i].name, value) != 0)
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
    if (identity != NULL && store_fields(identity_fields, IDENTITY_COUNT, identity, record, true)) {
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
           store_fields(fields, FIELD_COUNT, document, record, nulls) &&
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

static bool has_member(const char *name)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Adds what only the document has, such as the arguments. */
static bool add_memberless(json_t *line, json_t *document)
{
    const char *name;
    json_t *value;
    json_object_foreach(document, name, value)
    {
        if (json_object_get(line, name) == NULL && !has_member(name) && !json_is_null(value) &&
            json_object_set(line, name, value) != 0)
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

bool tether__record_keep(const tether__record *record, tether__record *kept)
{
    bool complete = true;
    *kept = *record;
    kept->document = NULL;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const char **text = member(kept, &fields[i]);
        if (!has_text(&fields[i]) || !has_own_memory(record, *text))
            continue;
        *text = tether__text_copy(*text);
        complete = complete && *text != NULL;
    }
    if (!complete)
        tether__record_release(kept);
    return complete;
}

void tether__record_release(tether__record *kept)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (has_text(&fields[i]))
            replace_text(kept, member(kept, &fields[i]), NULL);
    }
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_identity(const tether__identity *a, const tether__identity *b)
{
    return a->pid == b->pid && a->start_time == b->start_time &&
           strcmp(a->boot_id, b->boot_id) == 0 && strcmp(a->pid_ns, b->pid_ns) == 0 &&
           a->time_offset_ns == b->time_offset_ns && a->pidfs_id == b->pidfs_id;
}

static bool is_same(const field *f, const void *a, const void *b)
{
    switch (f->kind) {
    case ID:
    case TEXT:
    case CODES:
    case PROCESSES:
    case OBJECT:
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
    case BOOT:
    case PID_NS:
        return strcmp(a, b) == 0;
    }
    return false;
}

json_t *tether__record_changes(const tether__record *kept, const tether__record *record)
{
    bool known = !kept->newer_identity || is_same_identity(&kept->identity, &record->identity);
    json_t *line = known ? json_object() : NULL;
    bool complete = json_object_set_new(line, "task_id", json_string(record->task_id)) == 0;
    for (size_t i = 0; complete && i < FIELD_COUNT; i++) {
        const field *f = &fields[i];
        if (!is_same(f, member(kept, f), member(record, f)))
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

static void lighten_document(tether__record *record)
{
    json_t *light = NULL;
    if (record->watched) {
        light = json_pack("{s:O}", watches, json_object_get(record->document, watches));
        if (light == NULL)
            return;
    }
    json_decref(record->document);
    record->document = light;
}

/* Puts constants in the place of texts that are like them, and returns the size of all others. */
static size_t take_constants(tether__record *record)
{
    size_t size = 0;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const char **text = member(record, &fields[i]);
        if (!is_text(&fields[i]) || *text == NULL)
            continue;
        const char *constant = constant_of(*text);
        if (constant != NULL)
            replace_text(record, text, constant);
        else
            size += strlen(*text) + 1;
    }
    return size;
}

/* Leaves out the codes, which stay when the record is trimmed. */
static void pack_texts(tether__record *record)
{
    size_t size = take_constants(record);
    char *packed = size > 0 && size <= UINT32_MAX ? malloc(size) : NULL;
    if (packed == NULL)
        return;
    char *end = packed;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const char **text = member(record, &fields[i]);
        if (!is_text(&fields[i]) || *text == NULL || constant_of(*text) != NULL)
            continue;
        size_t length = strlen(*text) + 1;
        replace_text(record, text, memcpy(end, *text, length));
        end += length;
    }
    free(record->packed);
    record->packed = packed;
    record->packed_size = (uint32_t)size;
}

void tether__record_lighten(tether__record *record)
{
    lighten_document(record);
    pack_texts(record);
}

char *tether__record_render(tether__record *record)
{
    json_t *document = tether__record_document(record);
    return document != NULL ? json_dumps(document, JSON_INDENT(1)) : NULL;
}

bool tether__record_is_piped(const tether__record *record)
{
    return record->output_kind != NULL && strcmp(record->output_kind, TETHER__OUTPUT_PIPE) == 0;
}

uint64_t tether__record_gap_limit(const tether__record *record)
{
    return tether__record_is_piped(record) && record->output_limit > 0
               ? (uint64_t)record->output_limit
               : 0;
}
