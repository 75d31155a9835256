/* The text of a task's first line in a journal. Pure; any thread, one record at a time. */
#ifndef TETHER_RECORD_BIRTH_H
#define TETHER_RECORD_BIRTH_H

#include <stdbool.h>

#include "base/text.h"
#include "format/record.h"

/* Adds the text of tether__record_birth, compact. For each start, therefore without the document
 * where that can be. Returns false when memory is short. */
bool tether__record_birth_line(const tether__record *record, tether__text *line);

#endif
