/* The end of what is in quarantine. */
#ifndef TETHER_EXPIRY_H
#define TETHER_EXPIRY_H

#include <stdbool.h>
#include <stddef.h>

#include "format/age.h"
#include "store/store.h"

typedef struct tether__expiry {
    tether__moment now;
    bool believed;                   /* whether the wall clock is believed at `now` */
    bool (*stopped)(void *userdata); /* NULL: goes through to the end */
    void *stopped_userdata;
    size_t expired; /* folders that were removed */
} tether__expiry;

/* Removes the folders that were put into the store's quarantine 30 days ago, and adds their number
 * to pass->expired. Ends before the next folder once stopped() returns true. Any thread. */
void tether__expiry_run(tether__expiry *pass, const tether__store *store);

#endif
