/* The news of a session: tasks of which other processes have appended lines to the journal. One
 * thread at a time. */
#ifndef TETHER_NEWS_H
#define TETHER_NEWS_H

#include <stdbool.h>
#include <stddef.h>

#include "tether/task.h"

/* Begins as {0}. */
typedef struct tether__news {
    char (*ids)[TETHER_ID_SIZE]; /* one may be there twice */
    size_t count, capacity;
    bool all; /* too many to tell: any task may have changed */
} tether__news;

/* Notes a task. Without memory for it, or if nobody takes the news for long, `all` becomes true. */
void tether__news_add(tether__news *news, const char *task_id);

/* Makes all tasks news. */
void tether__news_add_all(tether__news *news);

void tether__news_dispose(tether__news *news);

#endif
