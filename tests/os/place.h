/* A private directory for the tests of one seam, and the proof that nothing was left behind. */
#ifndef TETHER_TEST_PLACE_H
#define TETHER_TEST_PLACE_H

#include "support/support.h"

#include "os/file.h"

typedef struct place {
    char *path;       /* an own directory, mode 0700 */
    tether__dir *dir; /* opened */
    tether_error error;
    int fds_before;
} place;

/* For cmocka's setup and teardown; *state becomes a place. The teardown fails where a child or a
 * descriptor was left. */
int place_setup(void **state);
int place_teardown(void **state);

/* The path of a name in it; static, one of a few that are used in turn. */
const char *place_path(const place *p, const char *name);

/* Puts a file there by the C library alone, and reads one that has no zero bytes; static. */
void place_write(const place *p, const char *name, const char *text);
const char *place_read(const place *p, const char *name);

/* Fails where two paths differ in more than which slash they have between names. */
void place_same_path(const char *path, const char *expected);

/* How many entries a directory has. */
size_t place_count(tether__dir *dir);

#endif
