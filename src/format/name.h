/* Validates task ids and session ids, and derives the directory name of a session. Pure; any
 * thread. */
#ifndef TETHER_NAME_H
#define TETHER_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "tether/error.h"
#include "tether/task.h"

#define TETHER__SESSION_ID_LIMIT 128
#define TETHER__SESSION_KEY_SIZE 17

/* Returns whether text is a valid task id: 1 to 64 characters of a-z, 0-9, '-' and '_', the first
 * one a letter or digit, and no Windows device name. A valid id is a safe file name on every
 * platform. NULL is not valid. */
bool tether__task_id_valid(const char *text);

/* Returns whether text is a valid session id, by the rules in tether/registry.h. NULL is not valid.
 */
bool tether__session_id_valid(const char *text);

/* Writes the directory name of a session: a hash of its id in 16 hexadecimal digits. Two ids may
 * share a name; session.json in the directory says which one it belongs to. */
void tether__session_key(const char *session_id, char key[TETHER__SESSION_KEY_SIZE]);

/* Returns whether a name is that of a session's directory: 16 hexadecimal digits. */
bool tether__session_key_valid(const char *name);

/* Makes a task id from random bytes: a letter, then 11 base-32 digits, without the letters that are
 * easily mistaken for another one. */
void tether__task_id_format(const unsigned char random[8], char id[TETHER_ID_SIZE]);

/* TETHER_EINVAL where text (NULL is allowed) cannot be a task id. */
int tether__check_task_id(const char *text, tether_error *error);

#endif
