/* Owns the threads that run what would keep the loop waiting, such as kills.
 * Must not: give up a kill that was begun because nobody wants its answer.
 * Thread: the main one; the functions run on threads of their own. */
#include "mcp/work.h"

#include <stdlib.h>
#include <string.h>

#include "mcp/failure.h"
#include "mcp/stdio_os.h"

/* One process has one server. */
static struct {
    mcp_work *running[WORK_THREADS];
    mcp_work *first, **last;
} all = {{NULL}, NULL, NULL};

static void run(void *userdata)
{
    mcp_work *work = userdata;
    work->code = work->function(work, &work->error);
}

static bool start(mcp_work *work)
{
    for (size_t i = 0; i < WORK_THREADS; i++) {
        if (all.running[i] == NULL && stdio_os_start(run, work)) {
            all.running[i] = work;
            return true;
        }
    }
    return false;
}

static void wait_in_row(mcp_work *work)
{
    if (all.first == NULL)
        all.last = &all.first;
    *all.last = work;
    all.last = &work->next;
}

int work_begin(mcp_work *work, mcp_host *host, const char *task_id, tether_error *error)
{
    if (strlen(task_id) >= sizeof work->task_id) {
        work_free(work);
        return failure(error, TETHER_EINVAL, "read arguments",
                       "%.80s... is no task id; use list to see the ids", task_id);
    }
    strcpy(work->task_id, task_id);
    work->host = host;
    work->registry = host->registry;
    if (!start(work)) {
        if (!work_busy(NULL)) {
            work_free(work);
            return failure(error, TETHER_ELIMIT, "start thread",
                           "no thread can be started; try again when less is running");
        }
        wait_in_row(work);
    }
    return TETHER_OK;
}

void work_forget(mcp_work *work)
{
    work->owner = NULL;
    if (work->host == NULL)
        work_free(work);
}

static void finish(mcp_work *done)
{
    if (done->owner == NULL) {
        work_free(done);
        return;
    }
    done->host = NULL;
    done->when_done(done->owner);
}

void work_collect(void)
{
    mcp_work *done;
    while ((done = stdio_os_done()) != NULL) {
        for (size_t i = 0; i < WORK_THREADS; i++) {
            if (all.running[i] == done)
                all.running[i] = NULL;
        }
        finish(done);
    }
    while (all.first != NULL && start(all.first))
        all.first = all.first->next;
}

bool work_busy(const mcp_host *host)
{
    for (size_t i = 0; i < WORK_THREADS; i++) {
        if (all.running[i] != NULL && (host == NULL || all.running[i]->host == host))
            return true;
    }
    for (const mcp_work *at = all.first; at != NULL; at = at->next) {
        if (host == NULL || at->host == host)
            return true;
    }
    return false;
}

void work_free(mcp_work *work)
{
    free(work->bytes);
    free(work);
}
