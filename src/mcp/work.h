/* Functions of the library that may take seconds, on a bounded number of threads. */
#ifndef TETHER_MCP_WORK_H
#define TETHER_MCP_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mcp/hosts.h"
#include "tether.h"

/* The most threads that work at a time; so many works, with so many bytes, wait for one. */
enum { WORK_THREADS = 8, WORK_ROW = 1024, WORK_ROW_BYTES = 32 * 1024 * 1024 };

typedef struct mcp_work mcp_work;

/* Runs on a thread. Uses only what is in the work. */
typedef int work_function(mcp_work *work, tether_error *error);

struct mcp_work {
    mcp_work *next;                 /* in the row of those that wait for a thread */
    void *owner;                    /* NULL: it was given up; the work is done all the same */
    void (*when_done)(void *owner); /* called by work_collect, unless it was given up */
    mcp_host *host;                 /* so that its registry stays open; NULL: done */
    tether_registry *registry;
    work_function *function;
    char task_id[TETHER_ID_SIZE];
    int64_t number; /* for the function: a grace */
    int signal;
    char *bytes; /* for the function: freed with the work */
    size_t size;
    bool flag;
    bool in_turn;   /* after all before it on this task that say so; not begun if it is given up */
    size_t written; /* of the function */
    uint64_t taken;
    int code; /* what it has returned */
    tether_error error;
};

/* Begins a work on a task of a session; it has its function and its owner. Returns TETHER_OK, or an
 * error, with the work freed. */
int work_begin(mcp_work *work, mcp_host *host, const char *task_id, tether_error *error);

/* The owner of a work is gone. Frees the work, or lets it end. */
void work_forget(mcp_work *work);

/* Takes the works that are done, and tells their owners, which free them. */
void work_collect(void);

/* Whether works run or wait; of one session, or NULL: of any. */
bool work_busy(const mcp_host *host);

void work_free(mcp_work *work);

#endif
