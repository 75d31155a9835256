/* Owns the text of a task's first line in a journal.
 * Must not: differ from what jansson would write for tether__record_birth.
 * Thread: any, one record at a time. */
#include "format/record_birth.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "format/json.h"
#include "format/record_fields.h"
#include "format/record_write.h"
#include "format/status.h"

enum { NUMBER_SIZE = 32 };

static const char version[] = "schema_version";

static void add_escaped(tether__text *line, unsigned char byte)
{
    static const char special[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
    char text[8];
    const char *found = byte != '\0' ? strchr(special, byte) : NULL;
    if (found != NULL)
        snprintf(text, sizeof text, "\\%c", letters[found - special]);
    else
        snprintf(text, sizeof text, "\\u%04X", byte);
    tether__text_add_string(line, text);
}

/* Adds valid UTF-8 as a JSON string. */
static void add_string(tether__text *line, const char *string)
{
    tether__text_add(line, "\"", 1);
    for (;;) {
        size_t plain = 0;
        while ((unsigned char)string[plain] >= 0x20 && string[plain] != '"' &&
               string[plain] != '\\')
            plain++;
        tether__text_add(line, string, plain);
        string += plain;
        if (*string == '\0')
            break;
        add_escaped(line, (unsigned char)*string++);
    }
    tether__text_add(line, "\"", 1);
}

static void add_name(tether__text *line, const char *name)
{
    tether__text_add(line, ",\"", 2);
    tether__text_add_string(line, name);
    tether__text_add(line, "\":", 2);
}

static void add_text(tether__text *line, const char *name, const char *text)
{
    add_name(line, name);
    add_string(line, text);
}

static void add_plain(tether__text *line, const char *name, const char *word)
{
    add_name(line, name);
    tether__text_add_string(line, word);
}

static void add_number(tether__text *line, const char *name, int64_t number)
{
    char digits[NUMBER_SIZE];
    snprintf(digits, sizeof digits, "%" PRId64, number);
    add_plain(line, name, digits);
}

/* Returns the text of a field that is one; NULL: it has no value. */
static const char *text_of(const tether__record_field *f, const tether__record *record)
{
    const void *member = tether__record_member(record, f);
    const char *text;
    switch (f->kind) {
    case STATUS:
        return tether_status_text(record->status);
    case INTENT:
        return tether__record_intents[record->kill_intent];
    case BOOT:
        text = *(const char *const *)member;
        return text != NULL && *text != '\0' ? text : NULL;
    default:
        return *(const char *const *)member;
    }
}

/* Adds a field, unless it is null. False: its value is an object or an array, which a task that
 * starts seldom has. */
static bool add_field(tether__text *line, const tether__record_field *f,
                      const tether__record *record)
{
    const void *member = tether__record_member(record, f);
    const char *text;
    switch (f->kind) {
    case NUMBER:
    case SIGNAL:
    case TIME:
        if (*(const int64_t *)member != f->absent)
            add_number(line, f->name, *(const int64_t *)member);
        return true;
    case FLAG:
        add_plain(line, f->name, *(const bool *)member ? "true" : "false");
        return true;
    case IDENTITY:
        return record->identity.pid == 0;
    case CODES:
    case PROCESSES:
    case OBJECT:
        return text_of(f, record) == NULL;
    default:
        text = text_of(f, record);
        if (text != NULL)
            add_text(line, f->name, text);
        return true;
    }
}

/* Adds what only the document has, such as the arguments. */
static bool add_memberless(tether__text *line, json_t *document)
{
    const char *name;
    json_t *value;
    json_object_foreach(document, name, value)
    {
        if (tether__record_has_member(name) || json_is_null(value) || strcmp(name, version) == 0)
            continue;
        tether__text_add(line, ",", 1);
        add_string(line, name);
        tether__text_add(line, ":", 1);
        if (!tether__json_add(value, line))
            return false;
    }
    return true;
}

/* False: a field is of a kind that only jansson writes. */
static bool add_fields(tether__text *line, const tether__record *record)
{
    add_number(line, version, TETHER__RECORD_SCHEMA);
    for (size_t i = 0; i < tether__record_members.count; i++) {
        if (!add_field(line, &tether__record_members.items[i], record))
            return false;
    }
    return add_memberless(line, record->document);
}

static bool dump(const tether__record *record, tether__text *line)
{
    json_t *document = tether__record_birth(record);
    bool done = document != NULL && tether__json_add(document, line);
    json_decref(document);
    return done;
}

bool tether__record_birth_line(const tether__record *record, tether__text *line)
{
    const size_t begin = line->size;
    if (add_fields(line, record)) {
        tether__text_add(line, "}", 1);
        if (!line->failed)
            line->bytes[begin] = '{'; /* in place of a comma */
        return !line->failed;
    }
    line->size = begin;
    return dump(record, line);
}
