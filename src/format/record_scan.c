/* Owns the fast way to read a record that is only looked at.
 * Must not: take another value from a line than record_read.c does; what is rare is left to it.
 * Thread: any, one record at a time. */
#include "format/record_scan.h"

#include <stdlib.h>
#include <string.h>

#include "format/record_fields.h"
#include "format/scan.h"
#include "format/status.h"

typedef struct reading {
    tether__record *record;
    const tether__record_fields *fields;
    size_t next; /* the field that is likely to come: lines have them in the order of the list */
    char *end;   /* where the next text goes */
    bool has_schema, has_status, has_pgid;
    int64_t pgid; /* counts in place of child_pid, wherever it stands */
} reading;

/* Copies a text to the others, without the backslashes before its characters. The memory has space
 * for all of them, because it is as large as the line. */
static const char *copy(reading *r, const tether__scanned *value)
{
    static const char escaped[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *begin = r->end, *end = value->raw + value->size;
    for (const char *at = value->raw; at < end; at++)
        *r->end++ = *at == '\\' ? meant[strchr(escaped, *++at) - escaped] : *at;
    *r->end++ = '\0';
    return begin;
}

/* Copies JSON as it is. */
static const char *copy_raw(reading *r, const char *raw, size_t size)
{
    const char *begin = memcpy(r->end, raw, size);
    r->end[size] = '\0';
    r->end += size + 1;
    return begin;
}

/* [1,0] becomes 1,0. What is none of those that hosts write is left to others. */
static bool take_codes(reading *r, const tether__scanned *value, const char **codes)
{
    enum { MOST_DIGITS = 9 };
    size_t digits = 0;
    if (value->type != TETHER__SCANNED_ARRAY || value->empty)
        return false;
    for (const char *at = value->raw + 1; at < value->raw + value->size - 1; at++) {
        digits = *at == ',' ? 0 : digits + 1;
        if (digits > MOST_DIGITS || (*at != ',' && (*at < '0' || *at > '9')))
            return false;
    }
    *codes = copy_raw(r, value->raw + 1, value->size - 2);
    return true;
}

static bool take_intent(const tether__scanned *value, tether__intent *intent)
{
    for (int i = 1; value->text != NULL && i < TETHER__INTENT_COUNT; i++) {
        const char *text = tether__record_intents[i];
        if (strlen(text) == value->size && memcmp(text, value->text, value->size) == 0) {
            *intent = (tether__intent)i;
            return true;
        }
    }
    return false;
}

static bool take_status(reading *r, const tether__scanned *value)
{
    const char *text = value->type == TETHER__SCANNED_TEXT ? copy(r, value) : NULL;
    r->has_status = text != NULL && tether__status_parse(text, &r->record->status);
    return r->has_status;
}

static bool take_text(reading *r, const tether__scanned *value, const char **text, size_t limit)
{
    if (value->type != TETHER__SCANNED_TEXT || value->size >= limit)
        return false;
    *text = copy(r, value);
    return true;
}

static bool take_integer(const tether__scanned *value, int64_t *number)
{
    *number = value->integer;
    return value->type == TETHER__SCANNED_INTEGER;
}

static bool take_flag(const tether__scanned *value, bool *flag)
{
    *flag = value->type == TETHER__SCANNED_TRUE;
    return *flag || value->type == TETHER__SCANNED_FALSE;
}

static bool visit_member(void *context, const char *key, size_t size, const tether__scanned *value);

static bool take_identity(reading *r, const tether__scanned *value)
{
    const tether__record_fields *fields = r->fields;
    size_t next = r->next;
    r->fields = &tether__record_identity_members;
    r->next = 0;
    bool taken = value->type == TETHER__SCANNED_OBJECT &&
                 tether__scan_object(value->raw, value->size, visit_member, r);
    r->fields = fields;
    r->next = next;
    return taken;
}

static void *member_of(reading *r, const tether__record_field *field)
{
    bool is_pgid = field == &tether__record_members.items[tether__record_members.count - 1];
    r->has_pgid = r->has_pgid || is_pgid;
    return is_pgid ? &r->pgid : tether__record_member(r->record, field);
}

static bool take_value(reading *r, const tether__record_field *field, const tether__scanned *value)
{
    void *member = member_of(r, field);
    switch (field->kind) {
    case ID:
    case TEXT:
        return take_text(r, value, member, SIZE_MAX);
    case BOOT:
        return take_text(r, value, member, TETHER__BOOT_ID_SIZE);
    case PID_NS:
        return take_text(r, value, member, TETHER__PID_NS_SIZE);
    case NUMBER:
    case SIGNAL:
    case TIME:
    case START_TIME:
        return take_integer(value, member);
    case FLAG:
        return take_flag(value, member);
    case STATUS:
        return take_status(r, value);
    case INTENT:
        return take_intent(value, member);
    case CODES:
        return take_codes(r, value, member);
    case OBJECT:
        *(const char **)member = copy_raw(r, value->raw, value->size);
        return value->type == TETHER__SCANNED_OBJECT;
    case IDENTITY:
        return take_identity(r, value);
    case PROCESSES:
        break; /* few tasks have any */
    }
    return false;
}

static bool is_named(const char *name, const char *key, size_t size)
{
    return strncmp(name, key, size) == 0 && name[size] == '\0';
}

/* Returns the field with this name, or NULL. */
static const tether__record_field *find_field(reading *r, const char *key, size_t size)
{
    size_t count = r->fields->count;
    for (size_t i = 0; i < count; i++) {
        size_t index = (r->next + i) % count;
        if (is_named(r->fields->items[index].name, key, size)) {
            r->next = index + 1;
            return &r->fields->items[index];
        }
    }
    return NULL;
}

/* What has no member. Kept watches, and what a newer version wrote, are left to others. */
static bool take_memberless(reading *r, const char *key, size_t size, const tether__scanned *value)
{
    if (is_named("schema_version", key, size)) {
        r->has_schema = value->type == TETHER__SCANNED_INTEGER && value->integer >= 1 &&
                        value->integer <= TETHER__RECORD_SCHEMA;
        return r->has_schema;
    }
    if (is_named(TETHER__RECORD_ON_END_OPEN, key, size))
        r->record->on_end_open = value->type == TETHER__SCANNED_TRUE;
    return !is_named(TETHER__RECORD_WATCHES, key, size) ||
           (value->type == TETHER__SCANNED_ARRAY && value->empty);
}

static bool visit_member(void *context, const char *key, size_t size, const tether__scanned *value)
{
    reading *r = context;
    const tether__record_field *field = find_field(r, key, size);
    if (field == NULL)
        return r->fields != &tether__record_members || take_memberless(r, key, size, value);
    return value->type == TETHER__SCANNED_NULL || take_value(r, field, value);
}

bool tether__record_scan(const char *text, size_t size, const char *task_id, tether__record *record)
{
    /* Each text has two quotes or brackets in the line, in whose place it gets its NUL. */
    char *texts = size <= UINT32_MAX ? malloc(size + 1) : NULL;
    reading r = {.record = record, .fields = &tether__record_members, .end = texts};
    if (texts == NULL)
        return false;
    record->packed = texts;
    record->packed_size = (uint32_t)size + 1;
    bool whole = tether__scan_object(text, size, visit_member, &r) && r.has_schema &&
                 r.has_status && record->task_id != NULL && strcmp(record->task_id, task_id) == 0 &&
                 record->session_id != NULL;
    if (r.has_pgid)
        record->child_pid = r.pgid;
    return whole;
}
