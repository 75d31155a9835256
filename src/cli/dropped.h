/* The message that an output limit has dropped some of a task's output. One thread. */
#ifndef TETHER_CLI_DROPPED_H
#define TETHER_CLI_DROPPED_H

#include <stdint.h>

#include "tether.h"

/* Tells on standard error that these many bytes are missing at this place of a stream. */
void dropped_tell(const char *task_id, tether_stream stream, uint64_t bytes);

#endif
