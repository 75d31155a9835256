/* What hosts learn of the command at the end of a task. */
#ifndef TETHER_TEST_TOLD_H
#define TETHER_TEST_TOLD_H

#include "support/support.h"

/* Whether it is known what has become of the command. */
bool told_is_known(tether_registry *registry, const char *id);

/* Waits until it is, and expects this exit code, and this error or NULL. */
void told_expect(tether_registry *registry, const char *id, int64_t code, const char *error);

/* Expects a file that is this text. */
void told_expect_file(const char *path, const char *text);

/* Whether the file has a line. */
bool told_has_line(const char *path);

#endif
