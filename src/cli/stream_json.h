/* The objects about the output of a task that verbs print as a stream, one per line. */
#ifndef TETHER_CLI_STREAM_JSON_H
#define TETHER_CLI_STREAM_JSON_H

#include "tether.h"

/* Prints that the task has truncated one of its outputs, and that what follows is read from the
 * start of the file. */
void stream_json_truncated(const char *task_id, tether_stream stream);

/* Begins an object that is about one output of a task: its kind, the task and the stream. The
 * caller prints further members, the closing brace and the newline. */
void stream_json_begin(const char *kind, const char *task_id, tether_stream stream);

#endif
