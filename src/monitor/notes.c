/* Owns the file `times`: which notes are written, and that the file stays small.
 * Must not: lose the order of the streams where a note can tell it, or fail a task for want of
 * notes. Thread: the only one. */
#include "monitor/notes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/times.h"
#include "monitor/file_os.h"
#include "os/clock.h"

enum {
    EXACT_MS = 100,          /* output of one stream within this time has one note */
    FILE_MOST = 1024 * 1024, /* a larger file loses every second note */
    PATH_SIZE = 4096
};

typedef struct notes {
    const char *path;
    intptr_t file;        /* -1: no file yet */
    bool noted;           /* `last` is one that is not written yet */
    tether__point before; /* the note before `last` */
    tether__point last;
    int64_t begun_ms; /* when `last` began, by the monotonic clock */
    int64_t turn_ms;  /* how long a change of streams has to be apart from the last; grows with
                         each thinning */
    int64_t size;     /* of the file */
} notes;

static notes own = {.file = -1};

void tether__notes_open(const char *path)
{
    tether__monitor_file_close(own.file);
    own = (notes){.path = path, .file = -1};
}

/* --- The file --- */

/* Returns the whole file, or NULL. The caller frees it. */
static char *read_file(int64_t *size)
{
    char *text = malloc((size_t)own.size + 1);
    size_t got = text != NULL ? tether__monitor_file_read(own.path, text, (size_t)own.size) : 0;
    *size = (int64_t)got;
    if (got > 0)
        return text;
    free(text);
    return NULL;
}

/* Keeps every second note in the same piece of memory. Returns the new size. */
static int64_t halve(char *text, int64_t size)
{
    tether__point point = {0, {0, 0}};
    const char *at = text;
    int64_t kept = 0;
    for (int number = 0; tether__times_next(&at, text + size, &point); number++) {
        char line[TETHER__TIMES_LINE_SIZE];
        size_t length = tether__times_render(&point, line);
        for (size_t i = 0; number % 2 == 1 && i < length; i++)
            text[kept++] = line[i];
    }
    return kept;
}

static bool write_new(intptr_t file, const char *text, int64_t size)
{
    return file >= 0 && tether__monitor_file_append(file, text, (size_t)size) == (size_t)size;
}

/* Puts a file with half of the notes in the place of the present one: readers see one or the other.
 * If that fails, there are no further notes. */
static void thin(void)
{
    char path[PATH_SIZE];
    int64_t size = 0;
    char *text = read_file(&size);
    int length = snprintf(path, sizeof path, "%s.new", own.path);
    intptr_t file =
        text != NULL && length < (int)sizeof path ? tether__monitor_file_create(path) : -1;
    if (text != NULL)
        size = halve(text, size);
    bool written = write_new(file, text, size);
    free(text);
    tether__monitor_file_close(own.file);
    bool done = written && tether__monitor_file_replace(path, own.path);
    own.file = done ? file : -1;
    own.size = size;
    own.turn_ms = own.turn_ms > 0 ? own.turn_ms * 2 : 1;
    if (done)
        return;
    own.path = NULL;
    if (file < 0)
        return;
    tether__monitor_file_close(file);
    tether__monitor_file_remove(path);
}

static void write_last(void)
{
    char line[TETHER__TIMES_LINE_SIZE];
    if (own.file < 0)
        own.file = tether__monitor_file_create(own.path);
    size_t size = tether__times_render(&own.last, line);
    /* Readers skip a line of which something is missing. */
    if (own.file >= 0 && tether__monitor_file_append(own.file, line, size) > 0)
        own.size += (int64_t)size;
    if (own.file < 0)
        own.path = NULL;
    own.before = own.last;
    own.noted = false;
    if (own.file >= 0 && own.size > FILE_MOST)
        thin();
}

/* --- What is noted --- */

/* Within one note, standard error stands behind standard output. So output of this stream can join
 * the last note, unless that has some of standard error already. */
static bool keeps_order(const uint64_t size[2])
{
    bool out = size[0] > own.last.size[0];
    bool error_before = own.last.size[1] > own.before.size[1];
    return !(out && error_before);
}

static bool joins(const uint64_t size[2], int64_t now)
{
    int64_t passed = now - own.begun_ms;
    if (passed >= EXACT_MS && passed >= own.turn_ms)
        return false;
    return keeps_order(size) || passed < own.turn_ms;
}

void tether__notes_add(const uint64_t size[2])
{
    if (own.path == NULL)
        return;
    int64_t now = tether__os_monotonic_ms();
    if (own.noted && !joins(size, now)) {
        write_last();
    }
    if (!own.noted)
        own.begun_ms = now;
    own.noted = true;
    own.last = (tether__point){tether__os_wall_ms(), {size[0], size[1]}};
}

void tether__notes_flush(void)
{
    if (own.path != NULL && own.noted && own.file >= 0)
        write_last();
}
