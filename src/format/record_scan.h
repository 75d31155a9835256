/* Reading a record for a look at it, without a document: several times as fast as record_read.h for
 * the lines that hosts write. Pure; any thread, but only one at a time per record. */
#ifndef TETHER_RECORD_SCAN_H
#define TETHER_RECORD_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "format/record.h"

/* Reads a line that has a whole record into an initialised record, as tether__record_parse does,
 * except that the record gets no document: it must be neither written, nor lightened, nor trimmed.
 * False says nothing about the line: tether__record_parse has to read it, into a record that was
 * disposed of. */
bool tether__record_scan(const char *text, size_t size, const char *task_id,
                         tether__record *record);

#endif
