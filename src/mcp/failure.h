/* Errors that the servers detect themselves. */
#ifndef TETHER_MCP_FAILURE_H
#define TETHER_MCP_FAILURE_H

#include "tether/error.h"

/* Fills an error: the step has at most 31 bytes; the message says what failed, why, and in its last
 * clause what to do. Returns the code. */
int failure(tether_error *error, int code, const char *step, const char *format, ...);

int failure_memory(tether_error *error, const char *step);

/* Returns the last clause of an error's message: what to do. "" if it has none. */
const char *failure_cure(const tether_error *error);

#endif
