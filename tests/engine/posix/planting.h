/* Puts into a store what a host finds there after a crash, a reboot or an attack: tasks in any
 * state, and links, FIFOs and directories in the place of files. */
#ifndef TETHER_TEST_PLANTING_H
#define TETHER_TEST_PLANTING_H

#include <jansson.h>

#include "support/support.h"

/* Runs a task to its end with code 0 and returns its record, which the caller owns. */
json_t *plant_run_model(fixture *f, char id[TETHER_ID_SIZE]);

/* Returns such a record with another id, no end and a pending completion, which the caller owns.
 * The completion of the model itself is acknowledged. */
json_t *plant_new_record(fixture *f, const char *id);

void plant_set_status(json_t *record, const char *status);

/* Sets the identity of the supervisor. */
void plant_set_pid(json_t *record, long pid, long start_time);

/* Writes a bundle with this record, which it releases, and a lifeline with this text (marker NULL:
 * no lifeline). */
void plant_task(const fixture *f, const char *id, json_t *record, const char *marker);

/* Writes an output into the bundle of a task. */
void plant_output(const fixture *f, const char *id);

/* Plants a task that was recorded before its supervisor was started. */
void plant_starting(fixture *f, const char *id, const char *marker);

/* What takes the place of a file. */
typedef enum plant_kind {
    PLANT_NOTHING,
    PLANT_HUGE_FILE, /* 1 GiB, sparse */
    PLANT_FIFO,
    PLANT_SYMLINK,  /* to the victim */
    PLANT_HARDLINK, /* of the victim */
    PLANT_DIRECTORY
} plant_kind;

/* Removes what is at a path and creates something else there. */
void plant_replace(const fixture *f, const char *path, plant_kind kind);

/* Creates the victim: a file outside of the store, which planted links lead to. */
void plant_victim(const fixture *f);

/* Fails where the victim's content or mode has changed. */
void plant_check_victim(const fixture *f);

#endif
