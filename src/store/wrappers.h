/* The scripts of supervisors in a session's directory: one file for each text, which all tasks with
 * that text share. */
#ifndef TETHER_WRAPPERS_H
#define TETHER_WRAPPERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "os/file.h"
#include "store/store.h"
#include "tether/error.h"

#define TETHER__WRAPPER_NAME_SIZE (sizeof "wrapper-0123456789abcdef.sh")

/* A file that was checked, and is the same as long as it has this stamp. Zero: none. */
typedef struct tether__known_wrapper {
    char name[TETHER__WRAPPER_NAME_SIZE];
    tether__file_stamp stamp;
} tether__known_wrapper;

/* Makes sure that the file for a text is there, and stores its name and stamp in *known. Reads the
 * file unless *known is that file as it is now; writes it if it is missing, has another content,
 * or is so old that a collection may soon remove it. The caller holds the session lock, because a
 * collection may just be about to remove the old file. */
int tether__wrapper_provide(const tether__session *session, const tether__text *text,
                            tether__known_wrapper *known, tether_error *error);

/* Removes the files that no task was started with for 30 days, and adds how many to *removed. Takes
 * the session lock, and does nothing while that is held elsewhere for longer than the session's
 * timeout. */
void tether__wrappers_remove_old(const tether__session *session, int64_t now_ms, size_t *removed);

#endif
