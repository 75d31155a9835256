/* The version of the library, at compile time and at run time. */
#ifndef TETHER_VERSION_H
#define TETHER_VERSION_H

#include "tether/export.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TETHER_VERSION_MAJOR 0
#define TETHER_VERSION_MINOR 1
#define TETHER_VERSION_PATCH 0
#define TETHER_VERSION "0.1.0"

/* The version of the library that runs, such as "0.1.0": compare it with TETHER_VERSION to see a
 * mismatch between header and library. The text is static. Any thread. Never fails. */
TETHER_EXPORT const char *tether_version(void);

#ifdef __cplusplus
}
#endif
#endif
