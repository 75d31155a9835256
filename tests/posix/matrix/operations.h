/* The operations of a host that the matrix tries. */
#ifndef TETHER_TEST_OPERATIONS_H
#define TETHER_TEST_OPERATIONS_H

#include "posix/matrix/story.h"

/* Ends with an operation without a name. */
extern const operation operations[];

#endif
