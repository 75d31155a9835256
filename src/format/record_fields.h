/* The members of a record as a table: which kind each field has, where its member is, and which
 * number means null. For the modules that treat all fields alike. Pure; any thread. */
#ifndef TETHER_RECORD_FIELDS_H
#define TETHER_RECORD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/record_type.h"

typedef enum tether__record_kind {
    TETHER__SHARED_KINDS,
    INTENT,
    PROCESSES,
    OBJECT,
    IDENTITY,
    BOOT,
    /* In the object "identity" only. */
    START_TIME, /* any number that is never negative */
    PID_NS
} tether__record_kind;

typedef struct tether__record_field {
    const char *name;
    tether__record_kind kind;
    size_t offset;
    int64_t absent; /* the number that means null */
} tether__record_field;

/* A list of fields. */
typedef struct tether__record_fields {
    const tether__record_field *items;
    size_t count;
} tether__record_fields;

/* The fields that have a member in a record, in the order of the JSON; those of its identity; and
 * both, one after the other. */
extern const tether__record_fields tether__record_members;
extern const tether__record_fields tether__record_identity_members;
extern const tether__record_fields tether__record_all_members;

/* The texts of tether__intent; that of NONE is NULL. */
enum { TETHER__INTENT_COUNT = TETHER__INTENT_SHUTDOWN + 1 };
extern const char *const tether__record_intents[TETHER__INTENT_COUNT];

/* Returns the member of a field. */
void *tether__record_member(const tether__record *record, const tether__record_field *field);

/* Whether a field of this name has a member in a record. */
bool tether__record_has_member(const char *name);

#endif
