/* The key of a task, which makes its start idempotent: a second start with the key finds the task.
 * Pure; any thread. */
#ifndef TETHER_KEY_H
#define TETHER_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/record.h"
#include "tether/error.h"

/* Checks that a key has 1 to 200 bytes, is valid UTF-8 and has no control characters:
 * TETHER_EINVAL. NULL, for no key, is fine. */
int tether__key_check(const char *key, tether_error *error);

/* Returns a hash of a key, which is never 0. Different keys may have the same. */
uint32_t tether__key_hash(const char *key, size_t size);

/* Returns whether the task of a record has this key: it was started with it, and its command may
 * have begun. */
bool tether__key_is_held(const tether__record *record, const char *key);

#endif
