/* Owns the memory of a record: its texts, and how little a record that is kept takes.
 * Must not: know the JSON of a record, or derive the state of a task.
 * Thread: any, one record at a time. */
#include "format/record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "format/record_fields.h"

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

static bool is_text(const tether__record_field *f)
{
    return f->kind == TEXT || f->kind == ID || f->kind == PROCESSES || f->kind == OBJECT;
}

/* Whether the member is a text that the record owns. */
static bool has_text(const tether__record_field *f)
{
    return is_text(f) || f->kind == CODES;
}

void tether__record_init(tether__record *record)
{
    *record = (tether__record){.notify_on_completion = true};
    for (size_t i = 0; i < tether__record_members.count; i++) {
        if (tether__record_field_is_number(&tether__record_members.items[i]) &&
            tether__record_members.items[i].absent != TETHER__STORED_0)
            *(int64_t *)tether__record_member(record, &tether__record_members.items[i]) =
                tether__record_members.items[i].absent;
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
    for (size_t i = 0; i < tether__record_members.count; i++) {
        if (is_text(&tether__record_members.items[i]) ||
            (codes && has_text(&tether__record_members.items[i])))
            replace_text(record, tether__record_member(record, &tether__record_members.items[i]),
                         NULL);
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

bool tether__record_keep(const tether__record *record, tether__record *kept)
{
    bool complete = true;
    *kept = *record;
    kept->document = NULL;
    for (size_t i = 0; i < tether__record_members.count; i++) {
        const char **text = tether__record_member(kept, &tether__record_members.items[i]);
        if (!has_text(&tether__record_members.items[i]) || !has_own_memory(record, *text))
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
    for (size_t i = 0; i < tether__record_members.count; i++) {
        if (has_text(&tether__record_members.items[i]))
            replace_text(kept, tether__record_member(kept, &tether__record_members.items[i]), NULL);
    }
}

static void lighten_document(tether__record *record)
{
    json_t *light = NULL;
    if (record->watched) {
        light = json_pack("{s:O}", TETHER__RECORD_WATCHES,
                          json_object_get(record->document, TETHER__RECORD_WATCHES));
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
    for (size_t i = 0; i < tether__record_members.count; i++) {
        const char **text = tether__record_member(record, &tether__record_members.items[i]);
        if (!is_text(&tether__record_members.items[i]) || *text == NULL)
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
    for (size_t i = 0; i < tether__record_members.count; i++) {
        const char **text = tether__record_member(record, &tether__record_members.items[i]);
        if (!is_text(&tether__record_members.items[i]) || *text == NULL ||
            constant_of(*text) != NULL)
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
