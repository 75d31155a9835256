/* All that a registry is: what each room below owns of it, and what only opening and closing know.
 */
#ifndef TETHER_REGISTRY_INTERNAL_H
#define TETHER_REGISTRY_INTERNAL_H

#include "care/housekeeper.h"
#include "store/ephemeral.h"
#include "task/tasks.h"

typedef struct tether__whole {
    tether__tasks tasks; /* first; its first part is in turn the registry that other rooms see */
    tether__ephemeral *ephemeral;     /* NULL: the store stays */
    tether__housekeeper *housekeeper; /* NULL: none */
} tether__whole;

#endif
