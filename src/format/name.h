/* Ids: what may be one, and how a session's id becomes a directory name. Pure; any thread. */
#ifndef TETHER_NAME_H
#define TETHER_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "tether/error.h"
#include "tether/task.h"

#define TETHER__SESSION_ID_LIMIT 128
#define TETHER__SESSION_KEY_SIZE 17

/* Whether text can be a task id: 1 to 64 of a-z, 0-9, '-' and '_', a letter or digit first, and no
 * Windows device name; so it is a safe file name everywhere. */
bool tether__task_id_valid(const char *text);

/* Whether text can be a session id, by the rules in tether/registry.h. */
bool tether__session_id_valid(const char *text);

/* The directory name of a session: a hash of its id, 16 hexadecimal digits. Two ids may share one;
 * session.json tells. */
void tether__session_key(const char *session_id, char key[TETHER__SESSION_KEY_SIZE]);

/* A task id from random bytes: a letter, then base-32 digits that are not mistaken for one another.
 */
void tether__task_id_format(const unsigned char random[8], char id[TETHER_ID_SIZE]);

/* TETHER_EINVAL where text (NULL is allowed) cannot be a task id. */
int tether__check_task_id(const char *text, tether_error *error);

#endif
