/* Which errors a system call of a host can really have, on a machine that is short of something or
 * in a container that refuses calls. */
#ifndef TETHER_TEST_CALL_ERRORS_H
#define TETHER_TEST_CALL_ERRORS_H

#include <stdint.h>
#include <sys/types.h>

enum { CALL_ERRORS_MOST = 6 };

/* Writes the errors that this call can have, and returns how many. pid is the process that makes
 * it. */
int call_errors(pid_t pid, uint64_t number, const uint64_t arguments[6],
                int errors[CALL_ERRORS_MOST]);

/* The call's name; "call N" where the table does not have it. In a static buffer. */
const char *call_name(uint64_t number);

#endif
