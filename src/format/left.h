/* The processes that live on after the command of a task has ended: how many, and the first of them
 * by name. Pure; any thread. */
#ifndef TETHER_LEFT_H
#define TETHER_LEFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TETHER__LEFT_NAMED = 16,       /* at most this many are named */
    TETHER__PROCESS_NAME_SIZE = 16 /* with its NUL, as Linux has it */
};

typedef struct tether__left_process {
    int64_t pid;
    /* Valid UTF-8 without control characters, whatever the process has called itself. Empty: not
     * known. */
    char name[TETHER__PROCESS_NAME_SIZE];
} tether__left_process;

typedef struct tether__left {
    int64_t count; /* -1: not known, and none is named */
    size_t named;
    tether__left_process processes[TETHER__LEFT_NAMED];
} tether__left;

#define TETHER__LEFT_UNKNOWN ((tether__left){.count = -1})

/* Room for the text of every list, with its NUL. */
#define TETHER__LEFT_TEXT_SIZE                                                                     \
    ((size_t)TETHER__LEFT_NAMED * (22 + 3 * TETHER__PROCESS_NAME_SIZE) + 1)

/* Stores what fits of a name, with '?' in the place of every byte that is not part of a harmless
 * character. */
void tether__left_clean(const char *name, size_t size, char target[TETHER__PROCESS_NAME_SIZE]);

/* Names another process, if there is room. Does not count it. */
void tether__left_name(tether__left *left, int64_t pid, const char *name, size_t size);

/* Writes the processes as "123:node,130:sh": as many as fit into `capacity` bytes, with a NUL.
 * Bytes of a name that are not printable ASCII, and blanks, commas and percent signs, become %XX.
 * Returns the size without the NUL. */
size_t tether__left_render(const tether__left *left, char *text, size_t capacity);

/* Names the processes of such a text. False, with none named, if it is not one. */
bool tether__left_parse(const char *text, size_t size, tether__left *left);

#endif
