/* The version of the library, at compile time and at run time. */
#ifndef TETHER_VERSION_H
#define TETHER_VERSION_H

#include "tether/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of these headers: its numbers, and its text. */
#define TETHER_VERSION_MAJOR 0
#define TETHER_VERSION_MINOR 1
#define TETHER_VERSION_PATCH 0
#define TETHER_VERSION "0.1.0"

/* Returns the version of the library that the program runs with, such as "0.1.0". If it differs
 * from TETHER_VERSION, the program was compiled with the headers of another version. The text is
 * static. Any thread. */
TETHER_EXPORT const char *tether_version(void);

#ifdef __cplusplus
}
#endif
#endif
