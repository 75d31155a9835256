/* Owns the tables of a record's members.
 * Must not: know what a document is.
 * Thread: any. */
#include "format/record_fields.h"

#include <string.h>

#define STORED_FIELD(kind, name, absent, type, text)                                               \
    {#name, kind, offsetof(tether__record, name), absent},
#define NO_FIELD(...)

/* Those of the identity come last. */
static const tether__record_field fields[] = {
    TETHER__FIELDS(STORED_FIELD, STORED_FIELD, NO_FIELD, NO_FIELD)
    /* A copy of child_pid for scripts. Parsing checks its type and takes its value, which is the
     * same. */
    {"pgid", NUMBER, offsetof(tether__record, child_pid), 0},
    {"pid", NUMBER, offsetof(tether__record, identity.pid), 0},
    {"start_time", START_TIME, offsetof(tether__record, identity.start_time), 0},
    {"boot_id", BOOT, offsetof(tether__record, identity.boot_id), 0},
    {"pid_ns", PID_NS, offsetof(tether__record, identity.pid_ns), 0},
    {"time_offset_ns", NUMBER, offsetof(tether__record, identity.time_offset_ns), 0},
    {"pidfs_id", START_TIME, offsetof(tether__record, identity.pidfs_id), 0},
};

enum { ALL = sizeof fields / sizeof fields[0], OF_IDENTITY = 6, OF_RECORD = ALL - OF_IDENTITY };

const tether__record_fields tether__record_all_members = {fields, ALL};
const tether__record_fields tether__record_members = {fields, OF_RECORD};
const tether__record_fields tether__record_identity_members = {fields + OF_RECORD, OF_IDENTITY};

const char *const tether__record_intents[TETHER__INTENT_COUNT] = {NULL, "kill", "timeout",
                                                                  "shutdown"};

void *tether__record_member(const tether__record *record, const tether__record_field *field)
{
    return (char *)record + field->offset;
}

bool tether__record_has_member(const char *name)
{
    for (size_t i = 0; i < tether__record_members.count; i++) {
        if (strcmp(tether__record_members.items[i].name, name) == 0)
            return true;
    }
    return false;
}
