/* Orders: what a host tells the monitor of a task, in one piece, before the command starts.
 * docs/format.md defines the text. Pure; any thread. */
#ifndef TETHER_ORDERS_H
#define TETHER_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "format/identity.h"

/* The largest orders that a monitor reads. No system passes as many arguments to a program. */
#define TETHER__ORDERS_LIMIT (64 * 1024 * 1024)

typedef struct tether__orders {
    const char *task_id;
    const char *boot_id; /* the rest of its identity the monitor finds out itself */

    /* The file to execute, absolute or relative to the task's directory; also the first argument.
     */
    const char *program;
    const char *const *argv; /* the others, NULL-terminated; when parsed, also the first one */
    const char *input;       /* what the command opens as its standard input; NULL: it inherits */
    const char *pipestatus;  /* the file with the exit codes of the last pipeline; NULL: none */
    const char *bundle;      /* where the control channel is made; NULL: nowhere */
    int64_t timeout_ms;      /* 0: none */
    int64_t grace_ms;        /* between the polite and the final signal */
    bool input_pipe;         /* the command reads from a pipe, into which the monitor writes */
    bool pipes;              /* the command writes into pipes */
    const char *times;       /* the file for when they came (format/times.h); NULL: none */
    int64_t output_limit;    /* of each output that comes through a pipe; 0: none */
    bool limit_kills;        /* end the task when an output exceeds output_limit */
    bool with_host;          /* end the task when the host's end of the descriptor is closed */
    bool anchored;           /* end the task when its anchor has ended (os/anchor.h) */
    bool anchor_is_task;     /* the anchor is a task, and no other process */
    const char *scope;       /* the task's cgroup, which the host has made; NULL: none */
    int64_t memory_limit;    /* of that cgroup; 0: none */
    bool end_tree;           /* when the command has ended, end what it has left behind */

    /* The command that is run when the task has ended; NULL: none. */
    const char *on_end;                    /* a text for /bin/sh */
    int64_t on_end_ms;                     /* its time limit */
    const char *on_end_json;               /* what it reads, up to where the end belongs */
    const char *const *on_end_environment; /* NAME=VALUE, NULL-terminated; NULL: none */

    /* On Windows, where a program gets its arguments as one line. */
    const char *line;    /* of program and arguments; NULL: argv */
    const char *workdir; /* where the command starts; NULL: in the monitor's working directory */
    const char *enters;  /* the directory that it then enters by itself; NULL: none */
    bool utf8_console;   /* set the code page of the task's console to UTF-8 */
} tether__orders;

/* Adds the text of the orders, but for the command at the end. */
void tether__orders_render(const tether__orders *orders, tether__text *text);

/* Adds the command at the end to such a text, as far as `orders` has it: on_end, on_end_ms,
 * on_end_json and on_end_environment. */
void tether__orders_add_on_end(const tether__orders *orders, tether__text *text);

/* The name of the variable in a monitor's environment that has short orders, but for the id of the
 * task behind it: no other process has one of this name. */
#define TETHER__ORDERS_VARIABLE "TETHER_ORDERS_"

/* Makes the value of that variable from orders of `size` bytes: `size` bytes and a NUL. Returns
 * false if the orders contain the byte that stands there for a NUL. */
bool tether__orders_to_value(const char *orders, size_t size, char *value);

/* Turns such a value into orders, in its place. Returns their size. */
size_t tether__orders_from_value(char *value);

/* What tether__orders_parse has allocated. */
typedef struct tether__orders_storage {
    const char **argv; /* and the variables behind it */
} tether__orders_storage;

/* Reads orders from a text, to which the result points. Returns NULL, or why they are refused: they
 * are torn, or of a version that asks for something unknown. Never accepts them in part. */
const char *tether__orders_parse(const char *text, size_t size, tether__orders *orders,
                                 tether__orders_storage *storage);
void tether__orders_dispose(tether__orders_storage *storage);

#endif
