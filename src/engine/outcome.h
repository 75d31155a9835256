/* What an inspection changes in the record of a task. Any thread, one record at a time. */
#ifndef TETHER_ENGINE_OUTCOME_H
#define TETHER_ENGINE_OUTCOME_H

#include <stdbool.h>

#include "format/record.h"
#include "format/verdict.h"

/* Lays the verdict, and what the observation adds to it, on the record. A valid verdict is taken
 * also when memory is short for its texts. Removes the cgroup of a task that has ended. */
void tether__outcome_apply(tether__record *record, const tether__verdict *verdict,
                           const tether__observation *observed);

/* Takes the supervisor's identity from the marker, if the record does not have it and memory is not
 * short. */
void tether__outcome_identity(tether__record *record, const tether__observation *observed);

/* Returns whether it is known what has become of the command at the end. */
bool tether__outcome_on_end_known(const tether__observation *observed);

/* Takes what the supervisor tells of that command, once it is known. */
void tether__outcome_on_end(tether__record *record, const tether__observation *observed);

#endif
