/* The struct of a task's record: record.h has what can be done with it. */
#ifndef TETHER_RECORD_TYPE_H
#define TETHER_RECORD_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "format/fields.h"

#define TETHER__RECORD_SCHEMA 1

struct json_t;
struct tether__pool;

/* The field of the document that kept_watch.h reads and writes. */
#define TETHER__RECORD_WATCHES "watches"
#define TETHER__RECORD_ON_END_OPEN "on_end_open"

/* The values of the field `survival`: what happens to a task when its host ends. */
#define TETHER__SURVIVAL_DETACHED "detached"
#define TETHER__SURVIVAL_BOUND "dies with host's job"
#define TETHER__SURVIVAL_WITH_HOST "ends with its host"

/* The value of the field `supervisor` for a proxy task, which its host supervises. */
#define TETHER__SUPERVISOR_SCRIPT "script"
#define TETHER__SUPERVISOR_MONITOR "monitor"
#define TETHER__SUPERVISOR_PROXY "proxy"

/* The values of the field `output_kind`. */
#define TETHER__OUTPUT_PIPE "pipe"
#define TETHER__OUTPUT_DIRECT "direct"

#define TETHER__RECORD_MEMBER(kind, name, absent, type, text) tether__field_##kind name;
#define TETHER__RECORD_NO_MEMBER(...)

/* The stored fields of format/fields.h, and the document that they were read from. Owns the
 * strings: change one only by tether__record_set. */
typedef struct tether__record {
    /* As read, with the fields that this version does not know; NULL: none. Once the record was
     * lightened, only the fields that have no member. */
    struct json_t *document;
    /* One piece of memory with the texts that the record had when it was lightened, but for a few
     * that most records have. A text that was set since has its own memory. NULL: none. */
    char *packed;
    /* Has those texts that other records have, too, and outlives the record. NULL: none. */
    const struct tether__pool *pool;
    uint32_t packed_size;
    bool read_only;      /* has a newer schema and must not be written */
    bool watched;        /* `watches` is not empty, see kept_watch.h */
    bool newer_identity; /* the identity that was read has fields that this version does not know */
    bool on_end_open;
    TETHER__FIELDS(TETHER__RECORD_MEMBER, TETHER__RECORD_MEMBER, TETHER__RECORD_NO_MEMBER,
                   TETHER__RECORD_NO_MEMBER)
} tether__record;

#endif
