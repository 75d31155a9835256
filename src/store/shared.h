/* What the records of a session have in common in memory. Any thread: a lock of its own, inside all
 * others. */
#ifndef TETHER_SHARED_H
#define TETHER_SHARED_H

#include "format/record.h"
#include "store/store.h"
#include "tether/error.h"

typedef struct tether__shared tether__shared;

/* TETHER_ENOMEM. NULL may be freed. */
int tether__shared_new(tether__shared **shared, tether_error *error);
void tether__shared_free(tether__shared *shared);

/* Makes a record of the session smaller, as tether__record_lighten does. The record must be
 * disposed of before the session is closed. */
void tether__shared_lighten(const tether__session *session, tether__record *record);

#endif
