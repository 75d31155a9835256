/* Owns the loop of a server: input, sessions, waits and output, none of which waits for another.
 * Must not: keep more of the input and the output than their limits, or know a protocol's messages.
 * Thread: the main one. */
#include "mcp/server.h"

#include "mcp/calls.h"
#include "mcp/failure.h"
#include "mcp/inlet.h"
#include "mcp/jsonl.h"
#include "mcp/rpc.h"
#include "mcp/stdio_os.h"
#include "mcp/tools.h"
#include "mcp/work.h"

/* The longest message; how long the end waits for kills that were begun, and for a reader. */
enum { LINE_MOST = 4 * 1024 * 1024, PIECE = 64 * 1024, END_MS = 10000, FLUSH_MS = 2000 };

typedef struct mcp_server {
    mcp_calls calls;
    mcp_inlet in;
    const mcp_protocol *protocol;
    void *state;
    bool ended; /* the input */
} mcp_server;

static int64_t least(int64_t left, int64_t right)
{
    return left < 0 || (right >= 0 && right < left) ? right : left;
}

static bool is_full(const mcp_server *s)
{
    return outlet_waiting(&s->calls.out) >= OUTLET_FULL;
}

/* Handles the lines that are there, while there is room for answers. */
static void take_lines(mcp_server *s)
{
    const char *line;
    size_t size;
    while (!is_full(s)) {
        switch (inlet_next(&s->in, &line, &size)) {
        case INLET_LINE:
            s->protocol->line(s->state, line, size);
            break;
        case INLET_TOO_LONG:
            s->protocol->too_long(s->state, s->in.limit);
            break;
        default:
            return;
        }
        outlet_flush(&s->calls.out);
    }
}

/* Reads one piece, if all lines before it were handled. A last line without a line end counts. */
static void take_input(mcp_server *s)
{
    static char piece[PIECE];
    take_lines(s);
    if (is_full(s))
        return;
    long got = stdio_os_read(piece, sizeof piece);
    if (got == STDIO_OVER) {
        s->ended = true;
        inlet_feed(&s->in, "\n", 1);
    } else if (got > 0 && !inlet_feed(&s->in, piece, (size_t)got)) {
        s->ended = true;
    }
    take_lines(s);
}

static void turn(mcp_server *s, unsigned wanted)
{
    intptr_t pollables[HOSTS_MOST];
    size_t count = hosts_pollables(&s->calls.hosts, pollables);
    int64_t now_ms = stdio_os_now_ms();
    int64_t timeout_ms = least(hosts_due(&s->calls.hosts, now_ms), calls_due(&s->calls, now_ms));
    if (s->calls.protocol_at > 0)
        timeout_ms =
            least(timeout_ms, s->calls.protocol_at > now_ms ? s->calls.protocol_at - now_ms : 0);
    if (outlet_waiting(&s->calls.out) > 0)
        wanted |= STDIO_WRITABLE;
    unsigned happened = stdio_os_wait(wanted, pollables, count, timeout_ms);
    if ((happened & STDIO_WRITABLE) != 0)
        outlet_flush(&s->calls.out);
    if ((happened & STDIO_WORK_DONE) != 0)
        work_collect();
    if ((happened & STDIO_READABLE) != 0)
        take_input(s);
    now_ms = stdio_os_now_ms();
    hosts_turn(&s->calls.hosts, now_ms);
    calls_turn(&s->calls, now_ms);
    if (s->protocol->turn != NULL)
        s->protocol->turn(s->state, now_ms);
    outlet_flush(&s->calls.out);
}

static void run_loop(mcp_server *s)
{
    while (!s->ended && !s->calls.out.gone) {
        unsigned wanted = STDIO_READABLE;
        if (is_full(s))
            wanted = 0;
        else
            take_lines(s);
        turn(s, wanted);
    }
}

/* The input is over: nobody waits any more. What was begun and cannot be left in the middle, such
 * as a kill, is finished, and what was answered is written, if somebody reads. */
static void finish(mcp_server *s)
{
    int64_t until = stdio_os_now_ms() + END_MS;
    while (work_busy(NULL) && stdio_os_now_ms() < until) {
        if ((stdio_os_wait(0, NULL, 0, until - stdio_os_now_ms()) & STDIO_WORK_DONE) != 0)
            work_collect();
        calls_turn(&s->calls, stdio_os_now_ms());
    }
    until = stdio_os_now_ms() + FLUSH_MS;
    outlet_flush(&s->calls.out);
    while (outlet_waiting(&s->calls.out) > 0 && !s->calls.out.gone && stdio_os_now_ms() < until) {
        stdio_os_wait(STDIO_WRITABLE, NULL, 0, until - stdio_os_now_ms());
        outlet_flush(&s->calls.out);
    }
    stdio_os_drain(FLUSH_MS);
}

static int run(mcp_server *s, tether_error *error)
{
    mcp_host *first;
    int code = hosts_get(&s->calls.hosts, NULL, &first, error);
    /* A server that creates nothing may be there before the first task: each call looks again. */
    if (code == TETHER_EGONE && s->calls.hosts.read_only) {
        *error = (tether_error){0};
        code = TETHER_OK;
    }
    if (code == TETHER_OK && !stdio_os_open())
        code = failure(error, TETHER_ELIMIT, "start server",
                       "standard input and output cannot be used; raise the limit of descriptors "
                       "(ulimit -n)");
    if (code != TETHER_OK)
        return code;
    run_loop(s);
    finish(s);
    /* A thread still works in a registry: the death of the process ends it. */
    if (work_busy(NULL))
        stdio_os_exit(0);
    return TETHER_OK;
}

int server_run(const server_options *options, tether_error *error)
{
    mcp_server s = {.in = {.limit = LINE_MOST},
                    .calls = {.policy = &options->policy,
                              .hosts = {.store = options->store,
                                        .session = options->session,
                                        .max_running = options->policy.max_running,
                                        .read_only = options->policy.read_only}},
                    .protocol = options->plain ? &jsonl_protocol : &rpc_protocol};
    int code = policy_check(&options->policy, error);
    if (code != TETHER_OK)
        return code;
    calls_open(&s.calls);
    s.state = s.protocol->open(&s.calls);
    if (s.state == NULL || !tools_open())
        code = failure_memory(error, "start server");
    else
        code = run(&s, error);
    calls_close(&s.calls);
    if (s.state != NULL)
        s.protocol->close(s.state);
    tools_close();
    inlet_dispose(&s.in);
    return code;
}
