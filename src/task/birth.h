/* What the first moments of every task share, whoever supervises it: above all, its first
 * record. */
#ifndef TETHER_BIRTH_H
#define TETHER_BIRTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/record.h"
#include "store/store.h"
#include "tether/error.h"

/* How often an id is drawn anew where its name is taken. */
#define TETHER__ID_TRIES 8

/* What a first record is made from; the strings stay the caller's. */
typedef struct tether__birth {
    const char *id;
    const char *name;         /* NULL: none */
    const char *project_root; /* likewise */
    const char *workdir;
    const char *command; /* as people see it */
    const char *supervisor;
    int64_t timeout_ms; /* 0: none */
    bool notify;
} tether__birth;

/* TETHER_EINVAL for a label that is too long or a timeout below `least`. */
int tether__birth_check(const char *name, int64_t timeout_ms, int64_t least, tether_error *error);

/* A command's text as people see it: valid UTF-8 of bounded length, freed with free(); NULL when
 * memory is short. */
char *tether__birth_command(const char *text, size_t size);

/* Fills an initialised record of a task that starts now. */
int tether__birth_record(const tether__birth *birth, const tether__session *session,
                         tether__record *record, tether_error *error);

#endif
