/* A private directory for the tests of one seam, and the check that a test leaves nothing
 * behind. */
#ifndef TETHER_TEST_PLACE_H
#define TETHER_TEST_PLACE_H

#include "support/support.h"

#include "os/file.h"

typedef struct place {
    char *root;       /* holds the directory: a lifeline is made beside its own */
    char *path;       /* a new directory, mode 0700 */
    tether__dir *dir; /* the same directory, opened */
    tether_error error;
    int fds_before;
} place;

/* For cmocka's setup and teardown; *state is a place. The teardown fails when the test leaves a
 * child or a descriptor behind. */
int place_setup(void **state);
int place_teardown(void **state);

/* Returns the path of a name in the directory: one of a few static buffers, used in turn. */
const char *place_path(const place *p, const char *name);

/* Write a file with the C library alone, and read one that has no zero bytes. place_read returns a
 * static buffer. */
void place_write(const place *p, const char *name, const char *text);
const char *place_read(const place *p, const char *name);

/* Fails when two paths differ in more than the kind of slash. */
void place_same_path(const char *path, const char *expected);

/* Returns the number of entries of a directory. */
size_t place_count(tether__dir *dir);

#endif
