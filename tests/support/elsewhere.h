/* Starts tasks from another process, the tether command, which ends at once: the test is not the
 * parent of their supervisors. */
#ifndef TETHER_TEST_ELSEWHERE_H
#define TETHER_TEST_ELSEWHERE_H

#include "support/support.h"

/* Runs "tether run" with these arguments on the fixture's store, such as "--", CHILD, "forever". */
#define START_ELSEWHERE(f, id, ...)                                                                \
    elsewhere_start((f), (id), (const char *const[]){__VA_ARGS__, NULL})
void elsewhere_start(const fixture *f, char id[TETHER_ID_SIZE], const char *const *arguments);

#endif
