/* Random numbers for names that nobody can guess. Any thread. */
#ifndef TETHER_RANDOM_H
#define TETHER_RANDOM_H

#include <stddef.h>

#include "tether/error.h"

/* Fills a buffer. TETHER_ESYSTEM when the system gives no random numbers. */
int tether__random(void *buffer, size_t size, const char *step, tether_error *error);

#endif
