/* A session's archives: the records of tasks that have ended and need nothing more, moved out of
 * the journal. A task whose bundle was removed does not count any more. Files are only replaced,
 * never changed. Any thread. */
#ifndef TETHER_ARCHIVE_H
#define TETHER_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/file.h"
#include "store/store.h"
#include "tether/error.h"

struct json_t;

/* Finds the record of a task, in the newest archive that has it, and that archive's stamp. The
 * caller frees *record. TETHER_ENOTASK: none has it, and *error is untouched. */
int tether__archive_find(const tether__session *session, const char *task_id,
                         struct json_t **record, tether__file_stamp *stamp, tether_error *error);

/* Receives a task of an archive. `record` is valid during the call. Returns false to stop. */
typedef bool tether__archive_visitor(void *context, const char *task_id, struct json_t *record);

/* Receives a task of an archive as the line that has it, whose members fit together. Returns false
 * to stop. */
typedef bool tether__archive_line_visitor(void *context, const char *task_id, const char *text,
                                          size_t size);

/* Visits the tasks of all archives, newest archive first, one line in memory at a time. A task may
 * be in two archives, and in the journal too, which then has its newer record. Damaged lines
 * are skipped. */
int tether__archive_visit(const tether__session *session, tether__archive_line_visitor *visit,
                          void *context, tether_error *error);

/* Stores the number of the newest archive (0: none), and how many tasks all of them have, each
 * counted once. */
int tether__archive_count(const tether__session *session, uint64_t *newest, uint64_t *tasks,
                          tether_error *error);

/* Writes the archive of a journal. `text` has a line per task. The caller holds the session lock.
 */
int tether__archive_write(const tether__session *session, uint64_t number, const char *text,
                          size_t size, tether_error *error);

/* The numbers of a session's archives, newest first. */
typedef struct tether__archive_numbers {
    uint64_t *items;
    size_t count, capacity;
    bool no_memory;
} tether__archive_numbers;

/* Lists them. The caller frees list->items. */
int tether__archive_list(const tether__session *session, tether__archive_numbers *list,
                         tether_error *error);

/* Visits the tasks of one archive, each with its record. One that does not exist has no tasks. */
int tether__archive_read(const tether__session *session, uint64_t number,
                         tether__archive_visitor *visit, void *context, tether_error *error);

/* As tether__archive_read, for the tasks whose key has this hash: the others are not parsed. */
int tether__archive_read_keyed(const tether__session *session, uint64_t number, uint32_t hash,
                               tether__archive_visitor *visit, void *context, tether_error *error);

/* Stores the hashes of the keys of an archive's tasks, in no order, and the stamp of the file in
 * which they were found. Also those of tasks that were removed. The caller frees *hashes. */
int tether__archive_hashes(const tether__session *session, uint64_t number, uint32_t **hashes,
                           size_t *count, tether__file_stamp *stamp, tether_error *error);

/* Stores the stamp of an archive. */
int tether__archive_stamp(const tether__session *session, uint64_t number,
                          tether__file_stamp *stamp, tether_error *error);

/* Removes an archive. The caller holds the session lock. */
int tether__archive_remove(const tether__session *session, uint64_t number, tether_error *error);

#endif
