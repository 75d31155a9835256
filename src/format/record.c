/* Owns the mapping between record.json and struct tether__record.
 * Must not: touch the disk, judge a task's state, or drop a field that it does not know.
 * Thread: any, one record at a time. */
#include "format/record.h"

#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/status.h"
#include "base/text.h"
#include "base/utf8.h"

static const char step[] = "read record";

typedef enum field_kind { TEXT, INTEGER, START_TIME, BOOLEAN, BUFFER } field_kind;

/* One line per plain field. `absent` is the number that stands for null; `size` is the room of a
 * BUFFER. */
typedef struct field {
    const char *name;
    field_kind kind;
    size_t offset;
    int64_t absent;
    size_t size;
} field;

#define FIELD(member) offsetof(tether__record, member)

static const field fields[] = {
    {"task_id", TEXT, FIELD(task_id), 0, 0},
    {"session_id", TEXT, FIELD(session_id), 0, 0},
    {"name", TEXT, FIELD(name), 0, 0},
    {"project_root", TEXT, FIELD(project_root), 0, 0},
    {"command", TEXT, FIELD(command), 0, 0},
    {"workdir", TEXT, FIELD(workdir), 0, 0},
    {"shell", TEXT, FIELD(shell), 0, 0},
    {"supervisor", TEXT, FIELD(supervisor), 0, 0},
    {"reason", TEXT, FIELD(reason), 0, 0},
    {"survival", TEXT, FIELD(survival), 0, 0},
    {"output_path", TEXT, FIELD(stdout_name), 0, 0},
    {"stderr_path", TEXT, FIELD(stderr_name), 0, 0},
    {"exit_code", INTEGER, FIELD(exit_code), TETHER_EXIT_UNKNOWN, 0},
    {"signal", INTEGER, FIELD(signal), 0, 0},
    {"started_at", INTEGER, FIELD(started_at), 0, 0},
    {"finished_at", INTEGER, FIELD(finished_at), 0, 0},
    {"duration_ms", INTEGER, FIELD(duration_ms), -1, 0},
    {"timeout_ms", INTEGER, FIELD(timeout_ms), INT64_MIN, 0},
    {"deadline_at", INTEGER, FIELD(deadline_at), 0, 0},
    {"deadline_monotonic_ms", INTEGER, FIELD(deadline_monotonic_ms), 0, 0},
    {"started_uptime_ms", INTEGER, FIELD(started_uptime_ms), 0, 0},
    {"finished_uptime_ms", INTEGER, FIELD(finished_uptime_ms), 0, 0},
    {"kill_takeover_ms", INTEGER, FIELD(kill_takeover_ms), 0, 0},
    {"child_pid", INTEGER, FIELD(child_pid), 0, 0},
    {"pgid", INTEGER, FIELD(child_pid), 0, 0},
    {"boot_id", BUFFER, FIELD(boot_id), 0, TETHER__BOOT_ID_SIZE},
    {"notify_on_completion", BOOLEAN, FIELD(notify), 0, 0},
    {"completion_delivered", BOOLEAN, FIELD(delivered), 0, 0},
    {"lease_holder", TEXT, FIELD(lease_holder), 0, 0},
    {"output_limit", INTEGER, FIELD(output_limit), 0, 0},
    {"stdout_total", INTEGER, FIELD(stdout_total), -1, 0},
    {"stderr_total", INTEGER, FIELD(stderr_total), -1, 0},
    {"no_compress", BOOLEAN, FIELD(no_compress), 0, 0},
};

/* The same for the object "identity". */
static const field identity_fields[] = {
    {"pid", INTEGER, FIELD(identity.pid), 0, 0},
    {"start_time", START_TIME, FIELD(identity.start_time), 0, 0},
    {"boot_id", BUFFER, FIELD(identity.boot_id), 0, TETHER__BOOT_ID_SIZE},
    {"pid_ns", BUFFER, FIELD(identity.pid_ns), 0, TETHER__PID_NS_SIZE},
};

enum {
    FIELD_COUNT = sizeof fields / sizeof fields[0],
    IDENTITY_COUNT = sizeof identity_fields / sizeof identity_fields[0]
};

static const char *const intents[] = {NULL, "kill", "timeout", "shutdown"};

void tether__record_init(tether__record *record)
{
    *record = (tether__record){
        .exit_code = TETHER_EXIT_UNKNOWN,
        .duration_ms = -1,
        .notify = true,
        .stdout_total = -1,
        .stderr_total = -1,
    };
}

static void *member(const tether__record *record, const field *f)
{
    return (char *)record + f->offset;
}

void tether__record_dispose(tether__record *record)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (fields[i].kind == TEXT)
            free(*(char **)member(record, &fields[i]));
    }
    free(record->pipestatus);
    json_decref(record->document);
    tether__record_init(record);
}

void tether__record_trim(tether__record *record)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (fields[i].kind == TEXT) {
            free(*(char **)member(record, &fields[i]));
            *(char **)member(record, &fields[i]) = NULL;
        }
    }
    json_decref(record->document);
    record->document = NULL;
}

bool tether__record_set(char **text, const char *value)
{
    char *copy = NULL;
    if (value != NULL) {
        copy = tether__utf8_repair(value, strlen(value));
        if (copy == NULL)
            return false;
    }
    free(*text);
    *text = copy;
    return true;
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

bool tether__record_is_done(const tether__record *record)
{
    return !record->read_only && tether_status_ended(record->status) &&
           (record->delivered || !record->notify) && !record->watched;
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

/* Takes a value over into its member; false where the type is wrong. */
static bool load_value(const field *f, json_t *value, tether__record *record)
{
    void *target = member(record, f);
    if (json_is_null(value))
        return true;
    switch (f->kind) {
    case TEXT:
        return json_is_string(value) && tether__record_set(target, json_string_value(value));
    case INTEGER:
        if (json_is_integer(value))
            *(int64_t *)target = json_integer_value(value);
        return json_is_integer(value);
    case START_TIME:
        if (json_is_integer(value))
            *(uint64_t *)target = (uint64_t)json_integer_value(value);
        return json_is_integer(value);
    case BOOLEAN:
        *(bool *)target = json_is_true(value);
        return json_is_boolean(value);
    case BUFFER:
        if (!json_is_string(value) || json_string_length(value) >= f->size)
            return false;
        strcpy(target, json_string_value(value));
        return true;
    }
    return false;
}

/* The name of the first field whose type is wrong; NULL: none. */
static const char *load_fields(const field *list, size_t count, json_t *object,
                               tether__record *record)
{
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(object, list[i].name);
        if (value != NULL && !load_value(&list[i], value, record) && !record->read_only)
            return list[i].name;
    }
    return NULL;
}

static bool load_intent(json_t *value, tether__intent *intent)
{
    if (value == NULL || json_is_null(value))
        return true;
    for (int i = 1; json_is_string(value) && i < (int)(sizeof intents / sizeof intents[0]); i++) {
        if (strcmp(json_string_value(value), intents[i]) == 0) {
            *intent = (tether__intent)i;
            return true;
        }
    }
    return false;
}

/* An array of codes becomes a list in text, "1,0". */
static bool load_pipestatus(json_t *value, char **list)
{
    if (value == NULL || json_is_null(value))
        return true;
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
        free(*list);
        *list = text.bytes;
    } else {
        tether__text_dispose(&text);
    }
    return valid;
}

static json_t *store_pipestatus(const char *list)
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

static bool load_status(json_t *value, tether__record *record)
{
    if (json_is_string(value) && tether__status_parse(json_string_value(value), &record->status))
        return true;
    /* A newer version may have a status of its own. What it means is not known here, which is what
     * "lost" says. */
    record->status = TETHER_STATUS_LOST;
    return record->read_only && tether__record_set(&record->reason, "status of a newer version");
}

/* Fills the record from a document whose schema is known; the name of what is wrong, or NULL. */
static const char *load_document(json_t *document, tether__record *record)
{
    const char *wrong = load_fields(fields, FIELD_COUNT, document, record);
    json_t *identity = json_object_get(document, "identity");
    if (wrong == NULL && json_is_object(identity))
        wrong = load_fields(identity_fields, IDENTITY_COUNT, identity, record);
    else if (wrong == NULL && identity != NULL && !json_is_null(identity) && !record->read_only)
        wrong = "identity";
    if (wrong == NULL && !load_status(json_object_get(document, "status"), record))
        wrong = "status";
    if (wrong == NULL && !load_intent(json_object_get(document, "kill_intent"), &record->intent) &&
        !record->read_only)
        wrong = "kill_intent";
    if (wrong == NULL &&
        !load_pipestatus(json_object_get(document, "pipeline_statuses"), &record->pipestatus) &&
        !record->read_only)
        wrong = "pipeline_statuses";
    return wrong;
}

int tether__record_parse(const char *text, size_t size, const char *task_id, tether__record *record,
                         tether_error *error)
{
    json_error_t problem;
    json_t *document = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
    if (document == NULL)
        return tether__fail(error, TETHER_ECORRUPT, 0, step,
                            "the record of task %s is not JSON (line %d: %s)", task_id,
                            problem.line, problem.text);
    record->document = document;

    json_t *schema = json_object_get(document, "schema_version");
    if (!json_is_integer(schema) || json_integer_value(schema) < 1)
        return tether__fail(error, TETHER_ECORRUPT, 0, step,
                            "the record of task %s has no schema_version", task_id);
    record->read_only = json_integer_value(schema) > TETHER__RECORD_SCHEMA;

    const char *wrong = load_document(document, record);
    record->watched = json_array_size(json_object_get(document, "watches")) > 0;
    if (wrong == NULL && (record->task_id == NULL || strcmp(record->task_id, task_id) != 0))
        wrong = "task_id";
    if (wrong == NULL && record->session_id == NULL)
        wrong = "session_id";
    if (wrong != NULL)
        return tether__fail(error, TETHER_ECORRUPT, 0, step,
                            "the record of task %s has a wrong or missing field \"%s\"", task_id,
                            wrong);
    return TETHER_OK;
}

static json_t *store_value(const field *f, const tether__record *record)
{
    const void *source = member(record, f);
    switch (f->kind) {
    case TEXT:
        return *(char *const *)source != NULL ? json_string(*(char *const *)source) : json_null();
    case INTEGER: {
        int64_t number = *(const int64_t *)source;
        return number != f->absent ? json_integer(number) : json_null();
    }
    case START_TIME:
        return json_integer((json_int_t) * (const uint64_t *)source);
    case BOOLEAN:
        return json_boolean(*(const bool *)source);
    case BUFFER:
        return *(const char *)source != '\0' ? json_string(source) : json_null();
    }
    return NULL;
}

static bool store_fields(const field *list, size_t count, json_t *object,
                         const tether__record *record)
{
    for (size_t i = 0; i < count; i++) {
        if (json_object_set_new(object, list[i].name, store_value(&list[i], record)) != 0)
            return false;
    }
    return true;
}

/* The object "identity", made where there is none, so that fields it has from elsewhere stay. */
static json_t *identity_object(json_t *document)
{
    json_t *identity = json_object_get(document, "identity");
    if (!json_is_object(identity) && json_object_set_new(document, "identity", json_object()) != 0)
        return NULL;
    return json_object_get(document, "identity");
}

char *tether__record_render(tether__record *record)
{
    if (!ensure_document(record))
        return NULL;
    json_t *document = record->document;
    json_t *identity = identity_object(document);
    const char *intent = intents[record->intent];
    if (identity == NULL ||
        json_object_set_new(document, "schema_version", json_integer(TETHER__RECORD_SCHEMA)) != 0 ||
        json_object_set_new(document, "status", json_string(tether_status_text(record->status))) !=
            0 ||
        json_object_set_new(document, "kill_intent",
                            intent != NULL ? json_string(intent) : json_null()) != 0 ||
        json_object_set_new(document, "pipeline_statuses", store_pipestatus(record->pipestatus)) !=
            0 ||
        !store_fields(fields, FIELD_COUNT, document, record) ||
        !store_fields(identity_fields, IDENTITY_COUNT, identity, record))
        return NULL;
    return json_dumps(document, JSON_INDENT(1));
}
