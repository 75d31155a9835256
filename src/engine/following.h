/* Following the other hosts of a session: their lines in the journal reach the catalog, and its
 * observers, without a look at any other task. */
#ifndef TETHER_FOLLOWING_H
#define TETHER_FOLLOWING_H

#include <stdbool.h>

#include "engine/catalog.h"

/* Refreshes the tasks of which other hosts have written since the last call, as far as somebody
 * here needs them. Stores whether there were any. Returns the first failure; the next call then
 * refreshes all. Takes `disk`. */
int tether__follow_news(tether__catalog *catalog, bool *any);

/* Refreshes all tasks in the catalog: any of them may have changed. Returns the first failure.
 * Takes `disk`. */
int tether__follow_all(tether__catalog *catalog);

#endif
