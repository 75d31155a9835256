/* The messages of the control channel between hosts and the monitor of a task. docs/format.md
 * defines them. Pure; any thread. */
#ifndef TETHER_CONTROL_H
#define TETHER_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest payload, and the largest message, in bytes. */
#define TETHER__CONTROL_PAYLOAD ((size_t)64 * 1024)
#define TETHER__CONTROL_LIMIT (TETHER__CONTROL_PAYLOAD + 1024)

/* What a message asks for or answers, as X(NAME, word). */
#define TETHER__CONTROL_WORDS(X)                                                                   \
    /* requests */                                                                                 \
    X(DEADLINE, "deadline") /* move it to `at`, unless a newer move is known */                    \
    X(INPUT, "input")       /* write the payload to standard input, and close it */                \
    X(USAGE, "usage")       /* tell what the task's processes use */                               \
    /* answers */                                                                                  \
    X(DONE, "done")                                                                                \
    X(LATE, "late")             /* the task is being ended */                                      \
    X(ENDED, "ended")           /* the command has ended */                                        \
    X(NO_INPUT, "no-input")     /* standard input is no pipe of the monitor */                     \
    X(CLOSED, "closed")         /* standard input was closed */                                    \
    X(NO_READER, "no-reader")   /* nobody reads standard input any more */                         \
    X(BEYOND, "beyond")         /* `offset` is beyond what was taken */                            \
    X(UNKNOWN, "unknown")       /* the request is none that this version knows */                  \
    X(OTHER_VERSION, "version") /* the request is of another version */

typedef enum tether__control_word {
#define TETHER__CONTROL_ENUM(name, word) TETHER__CONTROL_##name,
    TETHER__CONTROL_WORDS(TETHER__CONTROL_ENUM)
#undef TETHER__CONTROL_ENUM
} tether__control_word;

/* What the processes of a task use now. -1: not known. */
typedef struct tether__using {
    int64_t user_ms; /* processor time, with that of the processes that have ended */
    int64_t system_ms;
    int64_t memory_bytes; /* resident; what several processes share counts for each */
    int64_t processes;
} tether__using;

#define TETHER__NOT_MEASURED ((tether__using){-1, -1, -1, -1})

/* A message. A number that is 0 is left out, but for those of `used`. */
typedef struct tether__control {
    tether__control_word word;
    int64_t at_ms; /* DEADLINE: by the uptime of the machine, outside of any time namespace; 0: none
                    */
    int64_t move;  /* DEADLINE: how often the deadline was moved; a smaller number is older. Answers
                      to DEADLINE: the newest move that the monitor knows */
    int64_t offset;     /* INPUT, if there is a `place`: of the payload in standard input */
    bool place;         /* there is an offset; else the payload follows what was taken before */
    bool close;         /* INPUT: close standard input when all of the payload was taken */
    int64_t taken;      /* answers to INPUT: how many bytes were taken so far, in total */
    int64_t wrote;      /* and how many bytes of this payload, now or before */
    tether__using used; /* answers to USAGE; when parsed, all -1 if it says nothing of it */
    bool measured;      /* write `used` */
    const char *payload;
    size_t payload_size;
} tether__control;

/* Writes a message, and returns its size; 0: it does not fit. */
size_t tether__control_render(const tether__control *message, char *bytes, size_t capacity);

typedef enum tether__control_parsed {
    TETHER__CONTROL_VALID,
    TETHER__CONTROL_NEWER,  /* of another version */
    TETHER__CONTROL_ALIEN,  /* of this version, but it has a word that this one does not know */
    TETHER__CONTROL_GARBAGE /* no message */
} tether__control_parsed;

/* Reads a message; its payload points into the bytes. Accepts none in part. */
tether__control_parsed tether__control_parse(const char *bytes, size_t size,
                                             tether__control *message);

#endif
