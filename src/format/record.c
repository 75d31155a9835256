/* Owns the memory of a record: its texts, and how little a record that is kept takes.
 * Must not: know the JSON of a record, or derive the state of a task.
 * Thread: any, one record at a time. */
#include "format/record.h"

#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "format/pool.h"
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

/* What a text is that may be empty and is never NULL. */
static const char nothing[] = "";

/* Texts that are gone when a record is trimmed. */
static bool is_trimmed(tether__record_kind kind)
{
    return kind == TEXT || kind == ID || kind == PROCESSES || kind == OBJECT;
}

static bool is_never_null(tether__record_kind kind)
{
    return kind == BOOT || kind == PID_NS;
}

/* Returns the member with this index if it is a text that the record owns; else NULL. */
static const char **text_at(const tether__record *record, size_t index)
{
    const tether__record_field *field = &tether__record_all_members.items[index];
    bool is_text = is_trimmed(field->kind) || is_never_null(field->kind) || field->kind == CODES;
    return is_text ? tether__record_member(record, field) : NULL;
}

static tether__record_kind kind_at(size_t index)
{
    return tether__record_all_members.items[index].kind;
}

/* What a member of each kind is in a new record. */
#define NEW_ID(absent) NULL
#define NEW_TEXT(absent) NULL
#define NEW_CODES(absent) NULL
#define NEW_PROCESSES(absent) NULL
#define NEW_OBJECT(absent) NULL
#define NEW_NUMBER(absent) ((absent) == TETHER__STORED_0 ? 0 : (absent))
#define NEW_SIGNAL(absent) NEW_NUMBER(absent)
#define NEW_TIME(absent) NEW_NUMBER(absent)
#define NEW_FLAG(absent) false
#define NEW_STATUS(absent) (tether_status)0
#define NEW_INTENT(absent) TETHER__INTENT_NONE
#define NEW_IDENTITY(absent)                                                                       \
    {                                                                                              \
        .boot_id = nothing, .pid_ns = nothing                                                      \
    }
#define NEW_BOOT(absent) nothing
#define NEW_MEMBER(kind, name, absent, type, text) .name = NEW_##kind(absent),
#define NO_MEMBER(...)

/* Each start needs a new one, and each look at a task. */
static const tether__record new_record = {
    TETHER__FIELDS(NEW_MEMBER, NEW_MEMBER, NO_MEMBER, NO_MEMBER)};

void tether__record_init(tether__record *record)
{
    *record = new_record;
    record->notify_on_completion = true;
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

/* Whether this is one of the constants, and not only like one. */
static bool is_constant(const char *text)
{
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        if (constants[i] == text)
            return true;
    }
    return false;
}

static bool has_own_memory(const tether__record *record, const char *text)
{
    bool packed = (uintptr_t)text - (uintptr_t)record->packed < record->packed_size;
    return text != NULL && text != nothing && !packed && !tether__pool_owns(record->pool, text) &&
           !is_constant(text);
}

static void replace_text(tether__record *record, const char **text, const char *by)
{
    if (has_own_memory(record, *text))
        free((void *)*text);
    *text = by;
}

static void free_texts(tether__record *record, bool all)
{
    for (size_t i = 0; i < tether__record_all_members.count; i++) {
        const char **text = text_at(record, i);
        if (text != NULL && (all || is_trimmed(kind_at(i))))
            replace_text(record, text, NULL);
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

tether__identity tether__record_identity(const tether__record *record)
{
    const tether__kept_identity *kept = &record->identity;
    tether__identity identity = {.pid = kept->pid,
                                 .start_time = kept->start_time,
                                 .time_offset_ns = kept->time_offset_ns,
                                 .pidfs_id = kept->pidfs_id};
    strncpy(identity.boot_id, kept->boot_id, sizeof identity.boot_id - 1);
    strncpy(identity.pid_ns, kept->pid_ns, sizeof identity.pid_ns - 1);
    return identity;
}

bool tether__record_set_identity(tether__record *record, const tether__identity *identity)
{
    char *boot_id = tether__text_copy(identity->boot_id);
    char *pid_ns = tether__text_copy(identity->pid_ns);
    if (boot_id == NULL || pid_ns == NULL) {
        free(boot_id);
        free(pid_ns);
        return false;
    }
    replace_text(record, &record->identity.boot_id, boot_id);
    replace_text(record, &record->identity.pid_ns, pid_ns);
    record->identity.pid = identity->pid;
    record->identity.start_time = identity->start_time;
    record->identity.time_offset_ns = identity->time_offset_ns;
    record->identity.pidfs_id = identity->pidfs_id;
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
    for (size_t i = 0; i < tether__record_all_members.count; i++) {
        const char **text = text_at(kept, i);
        if (text == NULL || !has_own_memory(record, *text))
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
    for (size_t i = 0; i < tether__record_all_members.count; i++) {
        const char **text = text_at(kept, i);
        if (text != NULL)
            replace_text(kept, text, NULL);
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

/* Whether many records have the same text there. */
static bool is_shared(size_t index)
{
    static const size_t shared[] = {
        offsetof(tether__record, session_id), offsetof(tether__record, project_root),
        offsetof(tether__record, workdir), offsetof(tether__record, shell)};
    size_t offset = tether__record_all_members.items[index].offset;
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        if (offset == shared[i])
            return true;
    }
    return is_never_null(kind_at(index));
}

/* Returns the text of others that is like this one, or NULL. */
static const char *other_of(const char *text, size_t index, tether__pool *pool)
{
    const char *other = text[0] == '\0' ? nothing : constant_of(text);
    if (other == NULL && pool != NULL && is_shared(index))
        other = tether__pool_take(pool, text);
    return other;
}

/* Puts constants and texts of the pool in the place of texts that are like them. */
static void share_texts(tether__record *record, tether__pool *pool)
{
    if (record->pool == NULL)
        record->pool = pool;
    if (record->pool != pool)
        pool = NULL;
    for (size_t i = 0; i < tether__record_all_members.count; i++) {
        const char **text = text_at(record, i);
        if (text == NULL || *text == NULL || kind_at(i) == CODES)
            continue;
        const char *other = other_of(*text, i, pool);
        if (other != NULL && other != *text)
            replace_text(record, text, other);
    }
}

/* Whether the text goes into the packed ones: those that stay when the record is trimmed do not. */
static bool is_packed(const tether__record *record, size_t index)
{
    const char **text = text_at(record, index);
    return text != NULL && *text != NULL && is_trimmed(kind_at(index)) && *text != nothing &&
           !is_constant(*text) && !tether__pool_owns(record->pool, *text);
}

static void pack_texts(tether__record *record)
{
    size_t size = 0;
    for (size_t i = 0; i < tether__record_all_members.count; i++)
        size += is_packed(record, i) ? strlen(*text_at(record, i)) + 1 : 0;
    char *packed = size > 0 && size <= UINT32_MAX ? malloc(size) : NULL;
    if (packed == NULL)
        return;
    char *end = packed;
    for (size_t i = 0; i < tether__record_all_members.count; i++) {
        if (!is_packed(record, i))
            continue;
        const char **text = text_at(record, i);
        size_t length = strlen(*text) + 1;
        replace_text(record, text, memcpy(end, *text, length));
        end += length;
    }
    free(record->packed);
    record->packed = packed;
    record->packed_size = (uint32_t)size;
}

void tether__record_lighten(tether__record *record, tether__pool *pool)
{
    lighten_document(record);
    share_texts(record, pool);
    pack_texts(record);
}
