/* Owns snapshots as values: copies them from records, frees them, renders them as JSON.
 * Must not: change a record, or read the disk.
 * Thread: any. */
#include "format/snapshot.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "format/left.h"
#include "format/record_write.h"
#include "format/status.h"

typedef enum field_kind { TETHER__SHARED_KINDS, COUNT, SURVIVORS } field_kind;

typedef struct field {
    const char *name;
    field_kind kind;
    size_t shown;   /* the offset of the member in a snapshot */
    size_t stored;  /* its offset in a record; NOT_STORED: the value is computed */
    int64_t absent; /* the number that means null */
} field;

#define NOT_STORED SIZE_MAX
#define SHOWN_ABSENT(absent) ((absent) == TETHER__STORED_0 ? 0 : (absent))
#define BOTH_FIELD(kind, name, absent, type, text)                                                 \
    {#name, kind, offsetof(tether_snapshot, name), offsetof(tether__record, name),                 \
     SHOWN_ABSENT(absent)},
#define SHOWN_FIELD(kind, name, absent, type, text)                                                \
    {#name, kind, offsetof(tether_snapshot, name), NOT_STORED, absent},
#define NO_FIELD(...)

static const field fields[] = {TETHER__FIELDS(BOTH_FIELD, NO_FIELD, SHOWN_FIELD, NO_FIELD)};

enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

static void *shown(const tether_snapshot *snapshot, const field *f)
{
    return (char *)snapshot + f->shown;
}

/* --- Copying --- */

static bool copy_codes(const char *list, tether_snapshot *snapshot)
{
    return list == NULL ||
           tether__record_pipeline(list, &snapshot->pipeline_statuses, &snapshot->pipeline_count);
}

static bool copy_field(const field *f, const tether__record *record, tether_snapshot *snapshot)
{
    const void *from = (const char *)record + f->stored;
    void *to = shown(snapshot, f);
    switch (f->kind) {
    case ID:
        strcpy(to, *(char *const *)from);
        return true;
    case TEXT:
        return tether__utf8_set(to, *(char *const *)from);
    case CODES:
        return copy_codes(*(char *const *)from, snapshot);
    case NUMBER:
    case TIME:
        *(int64_t *)to = *(const int64_t *)from;
        return true;
    case SIGNAL:
        *(int *)to = (int)*(const int64_t *)from;
        return true;
    case FLAG:
        *(bool *)to = *(const bool *)from;
        return true;
    case STATUS:
        *(tether_status *)to = *(const tether_status *)from;
        return true;
    case COUNT:
    case SURVIVORS:
        break;
    }
    return false;
}

bool tether__snapshot_add_survivor(tether_snapshot *snapshot, int64_t pid, const char *name)
{
    size_t count = snapshot->survivor_count;
    int64_t *pids = realloc(snapshot->survivors, (count + 1) * sizeof *pids);
    if (pids == NULL)
        return false;
    snapshot->survivors = pids;
    char **names = realloc((void *)snapshot->survivor_names, (count + 1) * sizeof *names);
    if (names == NULL)
        return false;
    snapshot->survivor_names = names;
    names[count] = NULL;
    if (name[0] != '\0' && !tether__utf8_set(&names[count], name))
        return false;
    pids[count] = pid;
    snapshot->survivor_count++;
    return true;
}

void tether__snapshot_forget_survivors(tether_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->survivor_count; i++)
        free(snapshot->survivor_names[i]);
    free((void *)snapshot->survivor_names);
    free(snapshot->survivors);
    snapshot->survivor_names = NULL;
    snapshot->survivors = NULL;
    snapshot->survivor_count = 0;
    snapshot->survivors_known = false;
    snapshot->survivor_total = -1;
}

static bool copy_survivors(const tether__record *record, tether_snapshot *snapshot)
{
    tether__left left = {0};
    const char *list = record->survivors;
    if (list != NULL)
        (void)tether__left_parse(list, strlen(list), &left);
    for (size_t i = 0; i < left.named; i++) {
        if (!tether__snapshot_add_survivor(snapshot, left.processes[i].pid, left.processes[i].name))
            return false;
    }
    snapshot->survivor_total = record->survivor_count;
    snapshot->survivors_known = record->survivor_count >= 0;
    return true;
}

static bool copy_on_end(const char *text, tether_snapshot *snapshot)
{
    snapshot->on_end_exit_code = TETHER_EXIT_UNKNOWN;
    json_t *object = text != NULL ? json_loads(text, 0, NULL) : NULL;
    const json_t *code = json_object_get(object, "exit_code");
    bool done = (text == NULL || object != NULL) &&
                tether__utf8_set(&snapshot->on_end,
                                 json_string_value(json_object_get(object, "command"))) &&
                tether__utf8_set(&snapshot->on_end_error,
                                 json_string_value(json_object_get(object, "error")));
    if (json_is_integer(code))
        snapshot->on_end_exit_code = json_integer_value(code);
    json_decref(object);
    return done;
}

tether_snapshot *tether__snapshot_new(void)
{
    tether_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot != NULL)
        snapshot->size = sizeof *snapshot;
    return snapshot;
}

tether_snapshot_list *tether__snapshot_list_new(size_t room)
{
    tether_snapshot_list *list = calloc(1, sizeof *list);
    if (list == NULL)
        return NULL;
    list->size = sizeof *list;
    list->items = calloc(room + 1, sizeof *list->items);
    if (list->items == NULL) {
        free(list);
        return NULL;
    }
    return list;
}

bool tether__snapshot_copy(const tether__record *record, tether_snapshot *snapshot)
{
    *snapshot = (tether_snapshot){.size = sizeof *snapshot,
                                  .read_only = record->read_only,
                                  .memory_now = -1,
                                  .processes_now = -1};
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (fields[i].stored != NOT_STORED && !copy_field(&fields[i], record, snapshot)) {
            tether__snapshot_dispose(snapshot);
            return false;
        }
    }
    if (copy_survivors(record, snapshot) && copy_on_end(record->on_end, snapshot))
        return true;
    tether__snapshot_dispose(snapshot);
    return false;
}

/* --- Freeing --- */

void tether__snapshot_dispose(tether_snapshot *snapshot)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (fields[i].kind == TEXT)
            free(*(char **)shown(snapshot, &fields[i]));
    }
    free(snapshot->pipeline_statuses);
    tether__snapshot_forget_survivors(snapshot);
    *snapshot = (tether_snapshot){.size = sizeof *snapshot};
}

void tether_snapshot_free(tether_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    tether__snapshot_dispose(snapshot);
    free(snapshot);
}

void tether_snapshot_list_free(tether_snapshot_list *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->count; i++)
        tether_snapshot_free(list->items[i]);
    free((void *)list->items);
    free(list);
}

/* --- JSON --- */

static json_t *text_or_null(const char *text)
{
    if (text == NULL)
        return json_null();
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    /* The paths of the outputs contain the path of the store, which may be any bytes. */
    char *repaired = tether__utf8_repair(text, strlen(text));
    value = repaired != NULL ? json_string(repaired) : NULL;
    free(repaired);
    return value;
}

static json_t *number_or_null(int64_t number, int64_t absent)
{
    return number != absent ? json_integer(number) : json_null();
}

static json_t *survivors_or_null(const tether_snapshot *snapshot)
{
    if (!snapshot->survivors_known)
        return json_null();
    json_t *array = json_array();
    for (size_t i = 0; i < snapshot->survivor_count; i++) {
        const char *name = snapshot->survivor_names != NULL ? snapshot->survivor_names[i] : NULL;
        json_array_append_new(array, tether__record_process(snapshot->survivors[i], name));
    }
    return array;
}

static json_t *pipeline_or_null(const tether_snapshot *snapshot)
{
    if (snapshot->pipeline_statuses == NULL)
        return json_null();
    json_t *array = json_array();
    for (size_t i = 0; i < snapshot->pipeline_count; i++)
        json_array_append_new(array, json_integer(snapshot->pipeline_statuses[i]));
    return array;
}

static json_t *field_json(const field *f, const tether_snapshot *s)
{
    const void *from = shown(s, f);
    switch (f->kind) {
    case ID:
        return json_string(from);
    case TEXT:
        return text_or_null(*(char *const *)from);
    case CODES:
        return pipeline_or_null(s);
    case NUMBER:
    case TIME:
        return number_or_null(*(const int64_t *)from, f->absent);
    case SIGNAL:
        return number_or_null(*(const int *)from, f->absent);
    case COUNT:
        return json_integer((json_int_t) * (const uint64_t *)from);
    case FLAG:
        return json_boolean(*(const bool *)from);
    case STATUS:
        return json_string(tether_status_text(*(const tether_status *)from));
    case SURVIVORS:
        return survivors_or_null(s);
    }
    return NULL;
}

/* Adds the text of a time beside its number. */
static bool add_time_text(json_t *object, const field *f, const tether_snapshot *snapshot)
{
    int64_t time = *(const int64_t *)shown(snapshot, f);
    char name[64], text[TETHER_TIME_SIZE];
    bool known = time != f->absent && tether_time_text(time, text);
    snprintf(name, sizeof name, "%s_rfc3339", f->name);
    return json_object_set_new(object, name, known ? json_string(text) : json_null()) == 0;
}

/* Beside the array, which need not have all. */
static bool add_total(json_t *object, const tether_snapshot *snapshot)
{
    return json_object_set_new(object, "survivor_count",
                               number_or_null(snapshot->survivor_total, -1)) == 0;
}

static bool add_field(json_t *object, const field *f, const tether_snapshot *snapshot)
{
    return json_object_set_new(object, f->name, field_json(f, snapshot)) == 0 &&
           (f->kind != TIME || add_time_text(object, f, snapshot)) &&
           (f->kind != SURVIVORS || add_total(object, snapshot));
}

char *tether_snapshot_json(const tether_snapshot *snapshot)
{
    json_t *object = json_object();
    bool complete = object != NULL;
    for (size_t i = 0; i < FIELD_COUNT; i++)
        complete = complete && add_field(object, &fields[i], snapshot);
    char *text = complete ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}
