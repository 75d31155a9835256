/* Owns the command at the end of a task: what it is told, its time limit, its output and what is
 * told of it.
 * Must not: start it before the end line is written, or twice; or take it for a process of the
 * task. Thread: the only one, of the monitor or of the messenger. */
#include "monitor/on_end.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "monitor/file_os.h"
#include "monitor/monitor_os.h"
#include "monitor/on_end_os.h"
#include "os/clock.h"

enum {
    OUTPUT_MOST = 64 * 1024, /* of its output that is kept; the rest is read and dropped */
    PIECE = 4096,
    GRACE_MS = 2000,
    OWN_VARIABLES = 4, /* of `told`, with its NULL */
    RETRY_MS = 1000,
    TIMEOUT_CODE = 124
};

typedef struct on_end {
    const tether__orders *orders; /* NULL: no command is wanted */
    int64_t started_ms;           /* the task, by the monotonic clock */
    intptr_t file;                /* of the command's output; -1: none */
    size_t written;
} on_end;

static on_end own = {.file = -1};

/* --- What it is told --- */

static void add(tether__text *text, const char *format, ...)
{
    char piece[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    tether__text_add_string(text, piece);
}

/* As a host concludes from the same line (format/verdict.c), unless a host has ended the task:
 * only hosts know that. */
static const char *status_of(const tether__ending *ending)
{
    switch (ending->end) {
    case TETHER__END_TIMED_OUT:
        return "timed_out";
    case TETHER__END_KILLED:
        return "killed";
    case TETHER__END_EXIT:
        return ending->value == 0 ? "completed" : "failed";
    case TETHER__END_SIGNAL:
    case TETHER__END_NONE:
        break;
    }
    return "failed";
}

static bool is_by_signal(const tether__ending *ending)
{
    return ending->end == TETHER__END_SIGNAL || ending->end == TETHER__END_KILLED;
}

/* Windows' codes have 32 bits, and no sign. */
static int64_t code_of(const tether__ending *ending)
{
    if (ending->end == TETHER__END_TIMED_OUT)
        return TIMEOUT_CODE;
    return is_by_signal(ending) ? 128 + ending->value : (int64_t)(uint32_t)ending->value;
}

static void add_number(tether__text *text, const char *name, int64_t value, bool known)
{
    if (known)
        add(text, ",\"%s\":%" PRId64, name, value);
    else
        add(text, ",\"%s\":null", name);
}

/* Names are valid UTF-8 without control characters. */
static void add_survivors(tether__text *text, const tether__left *left)
{
    add_number(text, "survivor_count", left->count, left->count >= 0);
    tether__text_add_string(text, left->count >= 0 ? ",\"survivors\":[" : ",\"survivors\":null");
    for (size_t i = 0; left->count >= 0 && i < left->named; i++) {
        add(text, "%s{\"pid\":%" PRId64 ",\"name\":\"", i > 0 ? "," : "", left->processes[i].pid);
        for (const char *at = left->processes[i].name; *at != '\0'; at++) {
            tether__text_add(text, "\\", *at == '"' || *at == '\\');
            tether__text_add(text, at, 1);
        }
        tether__text_add_string(text, "\"}");
    }
    tether__text_add_string(text, left->count >= 0 ? "]" : "");
}

/* The host has rendered the rest, and left the object open. */
static void render_input(const tether__ending *ending, tether__text *text)
{
    const tether__usage *usage = &ending->usage;
    bool piped = ending->pipestatus[0] != '\0', lost = ending->lost > 0;
    tether__text_add_string(text, own.orders->on_end_json != NULL ? own.orders->on_end_json : "{");
    add(text, ",\"status\":\"%s\"", status_of(ending));
    add_number(text, "exit_code", code_of(ending), true);
    add_number(text, "signal", ending->value, is_by_signal(ending));
    add_number(text, "finished_at", tether__os_wall_ms(), true);
    add_number(text, "duration_ms", tether__os_monotonic_ms() - own.started_ms, true);
    add_number(text, "user_ms", usage->user_ms, usage->user_ms >= 0);
    add_number(text, "system_ms", usage->system_ms, usage->system_ms >= 0);
    add_number(text, "peak_memory", usage->peak_bytes, usage->peak_bytes >= 0);
    add_number(text, "process_count", usage->processes, usage->processes >= 0);
    add_number(text, "output_lost", ending->lost, lost);
    add_survivors(text, &ending->left);
    tether__text_add_string(text, ",\"pipeline_statuses\":");
    tether__text_add_string(text, piped ? "[" : "null");
    tether__text_add_string(text, ending->pipestatus);
    tether__text_add_string(text, piped ? "]}\n" : "}\n");
}

/* Adds the variables that tell of the end to those of the host. Returns NULL when memory is short;
 * the caller frees the list. */
static const char **join_variables(const char *const told[OWN_VARIABLES])
{
    const char *const *given = own.orders->on_end_environment;
    size_t count = 0, used = 0;
    while (given != NULL && given[count] != NULL)
        count++;
    const char **all = calloc(count + OWN_VARIABLES, sizeof *all);
    if (all == NULL)
        return NULL;
    for (; used < count; used++)
        all[used] = given[used];
    for (size_t i = 0; told[i] != NULL; i++)
        all[used++] = told[i];
    return all;
}

static int64_t start(const tether__ending *ending)
{
    char status[64], code[64], signal[64] = "TETHER_SIGNAL=";
    tether__text input = {0};
    int64_t pid = 0;
    snprintf(status, sizeof status, "TETHER_STATUS=%s", status_of(ending));
    snprintf(code, sizeof code, "TETHER_EXIT_CODE=%" PRId64, code_of(ending));
    if (is_by_signal(ending))
        snprintf(signal, sizeof signal, "TETHER_SIGNAL=%d", ending->value);
    const char *const told[OWN_VARIABLES] = {status, code, signal, NULL};
    const char **variables = join_variables(told);
    render_input(ending, &input);
    if (variables != NULL && !input.failed) {
        const tether__on_end_call call = {
            .text = own.orders->on_end,
            .workdir = own.orders->enters != NULL ? own.orders->enters : own.orders->workdir,
            .variables = variables,
            .input = input.bytes,
            .input_size = input.size};
        pid = tether__on_end_os_start(&call);
    }
    tether__text_dispose(&input);
    free(variables);
    return pid;
}

/* --- While it runs --- */

static intptr_t create_file(void)
{
    tether__text path = {0};
    tether__text_add_string(&path, own.orders->bundle != NULL ? own.orders->bundle : "");
    tether__text_add_string(&path, "/on-end");
    intptr_t file =
        path.failed || own.orders->bundle == NULL ? -1 : tether__monitor_file_create(path.bytes);
    tether__text_dispose(&path);
    return file;
}

/* A full disk costs output, and no more. */
static void keep(const char *bytes, size_t size)
{
    size_t room = OUTPUT_MOST - own.written;
    size_t most = size < room ? size : room;
    if (own.file < 0 && own.written == 0)
        own.file = create_file();
    own.written += most;
    if (own.file >= 0 && most > 0)
        (void)tether__monitor_file_append(own.file, bytes, most);
}

static void take_output(void)
{
    char bytes[PIECE];
    size_t size = tether__on_end_os_read(bytes, sizeof bytes);
    if (size > 0)
        keep(bytes, size);
}

/* Returns what has become of it. When its time is over, it gets the polite signal, then the final
 * one. What others have left in the pipe stays there: they may go on for ever. */
static tether__afterwards await(int64_t pid, int *value)
{
    int64_t due_ms = tether__os_monotonic_ms() + own.orders->on_end_ms;
    bool overdue = false;
    tether__afterwards told;
    while ((told = tether__on_end_os_wait(pid, due_ms, value)) == TETHER__AFTERWARDS_UNTOLD) {
        take_output();
        if (tether__os_monotonic_ms() < due_ms)
            continue;
        tether__on_end_os_signal(pid, overdue);
        overdue = true;
        due_ms = tether__os_monotonic_ms() + GRACE_MS;
    }
    for (int i = 0; i < OUTPUT_MOST / PIECE; i++)
        take_output();
    return overdue && told == TETHER__AFTERWARDS_SIGNAL ? TETHER__AFTERWARDS_TIMED_OUT : told;
}

/* However long it takes: nobody else knows it, and silence would be taken for a death. */
static void tell(tether__afterwards what, int value)
{
    char line[TETHER__MARKER_LINE_SIZE];
    size_t size = tether__marker_format_on_end(what, value, line);
    while (!tether__monitor_os_append(line, size))
        tether__monitor_os_rest(RETRY_MS);
}

static void run(const tether__ending *ending)
{
    int value = 0;
    tether__afterwards what = TETHER__AFTERWARDS_UNSTARTED;
    int64_t pid = start(ending);
    if (pid != 0)
        what = await(pid, &value);
    tell(what, value);
}

static void take_orders(const tether__orders *orders)
{
    own.orders = orders;
    own.started_ms = tether__os_monotonic_ms();
}

/* Without a word of the end the monitor has died: then nothing is run. */
_Noreturn void tether__on_end_be_messenger(const tether__orders *orders)
{
    tether__ending ending;
    take_orders(orders);
    if (tether__on_end_os_hear(&ending, sizeof ending))
        run(&ending);
    tether__on_end_os_leave();
}

void tether__on_end_prepare(const tether__orders *orders)
{
    if (orders->on_end == NULL)
        return;
    take_orders(orders);
    if (tether__on_end_os_part(orders))
        tether__on_end_be_messenger(orders);
}

void tether__on_end_tell(const tether__ending *ending)
{
    if (own.orders != NULL && !tether__on_end_os_tell(ending, sizeof *ending))
        tell(TETHER__AFTERWARDS_UNSTARTED, 0);
}
