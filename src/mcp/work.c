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
    mcp_work *first;       /* of the row */
    size_t waiting, bytes; /* of the row */
} all = {{NULL}, NULL, 0, 0};

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

static bool goes_before(const mcp_work *other, const mcp_work *work)
{
    return other != NULL && other->in_turn && work->in_turn && other->host == work->host &&
           strcmp(other->task_id, work->task_id) == 0;
}

/* Whether a work that is in the row, or will be its last, has to wait for another one. */
static bool waits_for_turn(const mcp_work *work)
{
    for (size_t i = 0; i < WORK_THREADS; i++) {
        if (goes_before(all.running[i], work))
            return true;
    }
    for (const mcp_work *at = all.first; at != NULL && at != work; at = at->next) {
        if (goes_before(at, work))
            return true;
    }
    return false;
}

static mcp_work **row_end(void)
{
    mcp_work **end = &all.first;
    while (*end != NULL)
        end = &(*end)->next;
    return end;
}

static void take_from_row(mcp_work **at)
{
    mcp_work *work = *at;
    *at = work->next;
    work->next = NULL;
    all.waiting--;
    all.bytes -= work->size;
}

static int wait_in_row(mcp_work *work, tether_error *error)
{
    if (all.waiting == WORK_ROW || work->size > WORK_ROW_BYTES - all.bytes)
        return failure(error, TETHER_ELIMIT, "wait for thread",
                       "%zu calls that change tasks wait already; wait until some are answered",
                       all.waiting);
    *row_end() = work;
    all.waiting++;
    all.bytes += work->size;
    return TETHER_OK;
}

/* A row can only move while a thread works. */
static int start_or_wait(mcp_work *work, tether_error *error)
{
    if (!waits_for_turn(work) && start(work))
        return TETHER_OK;
    if (work_busy(NULL))
        return wait_in_row(work, error);
    return failure(error, TETHER_ELIMIT, "start thread",
                   "no thread can be started; try again when less is running");
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
    int code = start_or_wait(work, error);
    if (code != TETHER_OK)
        work_free(work);
    return code;
}

void work_forget(mcp_work *work)
{
    mcp_work **at = &all.first;
    work->owner = NULL;
    while (*at != NULL && *at != work)
        at = &(*at)->next;
    if (*at == work && work->in_turn) {
        take_from_row(at);
        work_free(work);
    } else if (work->host == NULL) {
        work_free(work);
    }
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
    for (mcp_work **at = &all.first; *at != NULL;) {
        mcp_work *work = *at;
        if (waits_for_turn(work)) {
            at = &work->next;
            continue;
        }
        if (!start(work))
            return;
        take_from_row(at);
    }
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
