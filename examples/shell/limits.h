/* The limits of background jobs. */
#ifndef SHELL_LIMITS_H
#define SHELL_LIMITS_H

#include "shell.h"

struct limits {
    size_t count;    /* jobs of the session that run at a time; 0: no limit */
    uint64_t output; /* bytes of each stream of a job; 0: no limit */
    bool ends;       /* a job that writes more is ended */
    int64_t time_ms; /* of a job; TETHER_NO_TIMEOUT: no limit */
};

struct limits limits_get(const struct shell *sh);

/* `limit`: shows them. `limit count N`, `limit output BYTES [kill]`, `limit time SECONDS`: sets
 * one; `none` removes it. */
int builtin_limit(struct shell *sh, const struct list *words);

#endif
