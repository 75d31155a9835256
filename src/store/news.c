/* Owns the list of tasks that other processes have changed.
 * Must not: grow without a bound.
 * Thread: one at a time. */
#include "store/news.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

enum { LIMIT = 1024 }; /* more ids than this are not told apart */

void tether__news_add(tether__news *news, const char *task_id)
{
    void *ids = news->ids;
    bool known = news->count > 0 && strcmp(news->ids[news->count - 1], task_id) == 0;
    if (news->all || task_id[0] == '\0' || known)
        return;
    if (news->count == LIMIT ||
        !tether__grow(&ids, news->count, &news->capacity, sizeof *news->ids)) {
        tether__news_add_all(news);
        return;
    }
    news->ids = ids;
    strcpy(news->ids[news->count++], task_id);
}

void tether__news_add_all(tether__news *news)
{
    tether__news_dispose(news);
    news->all = true;
}

void tether__news_dispose(tether__news *news)
{
    free(news->ids);
    *news = (tether__news){.count = 0};
}
