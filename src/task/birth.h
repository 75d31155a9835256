/* The birth of a task: what the first record of a task is made from. The same for tasks that a
 * wrapper supervises and for proxy tasks. */
#ifndef TETHER_BIRTH_H
#define TETHER_BIRTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/record.h"
#include "store/store.h"
#include "tether/error.h"

/* How many random ids a start tries, because one may be in use. */
#define TETHER__ID_TRIES 8

/* What a first record is made from. The strings stay the caller's. */
typedef struct tether__birth {
    const char *id;
    const char *name;         /* NULL: none */
    const char *project_root; /* NULL: none */
    const char *workdir;
    const char *command; /* the text to show */
    const char *supervisor;
    int64_t timeout_ms; /* 0: none */
    bool notify;
    const char *boot_id; /* NULL: ask the system */
} tether__birth;

/* Checks a name and a timeout: TETHER_EINVAL if the name is empty or too long, or the timeout is
 * below `least`. */
int tether__birth_check(const char *name, int64_t timeout_ms, int64_t least, tether_error *error);

/* Returns a command's text for display, as valid UTF-8 of bounded length; freed with free(). NULL
 * when memory is short. */
char *tether__birth_command(const char *text, size_t size);

/* Fails with TETHER_ELIMIT because the boot id cannot be read now: no task may be recorded without
 * the one that there is. */
int tether__birth_fail_boot(tether_error *error);

/* Fills an initialised record for a task that starts now. */
int tether__birth_record(const tether__birth *birth, const tether__session *session,
                         tether__record *record, tether_error *error);

#endif
