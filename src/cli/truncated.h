/* The message for people that a task has truncated one of its outputs. */
#ifndef TETHER_CLI_TRUNCATED_H
#define TETHER_CLI_TRUNCATED_H

#include "tether.h"

/* Says on standard error that the task has truncated one of its outputs, and that what follows is
 * read from the start of the file. */
void truncated_tell(const char *task_id, tether_stream stream);

#endif
