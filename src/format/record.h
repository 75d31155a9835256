/* A task's record: record.json as a struct, and back. Pure; no thread-safety of its own.
 * docs/format.md defines the fields. */
#ifndef TETHER_RECORD_H
#define TETHER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/identity.h"
#include "tether/error.h"
#include "tether/task.h"

#define TETHER__RECORD_SCHEMA 1

/* No record that this library writes is near it; what is larger is damaged and never read whole. */
#define TETHER__RECORD_LIMIT (1024 * 1024)

struct json_t;

/* What becomes of a task when its host ends. */
#define TETHER__SURVIVAL_DETACHED "detached"
#define TETHER__SURVIVAL_BOUND "dies with host's job"

/* Why a task is being killed, written before the first signal. */
typedef enum tether__intent {
    TETHER__INTENT_NONE,
    TETHER__INTENT_KILL,
    TETHER__INTENT_TIMEOUT,
    TETHER__INTENT_SHUTDOWN
} tether__intent;

/* Strings are owned by the record; NULL where absent. */
typedef struct tether__record {
    struct json_t
        *document;  /* as it was read or built: keeps the fields that this version does not know */
    bool read_only; /* a newer schema: never written */
    char *task_id;
    char *session_id;
    char *name;
    char *project_root;
    char *command;
    char *workdir;
    char *shell;
    char *supervisor;
    char *reason;
    char *survival;    /* TETHER__SURVIVAL_...; NULL: not known */
    char *stdout_name; /* in the bundle */
    char *stderr_name; /* NULL: merged into stdout_name */
    tether_status status;
    tether__intent intent;
    int64_t exit_code; /* TETHER_EXIT_UNKNOWN: none */
    int64_t signal;    /* 0: none */
    int64_t started_at;
    int64_t finished_at;
    int64_t duration_ms; /* -1: none */
    int64_t timeout_ms;  /* 0: none */
    int64_t deadline_at;
    int64_t deadline_monotonic_ms; /* 0: none; holds during boot_id only */
    int64_t started_uptime_ms;     /* likewise */
    int64_t finished_uptime_ms;    /* likewise */
    int64_t kill_takeover_ms; /* monotonic; from when on another host may go on with the kill; 0: no
                                 kill */
    int64_t child_pid;
    tether__identity identity;          /* the supervisor's */
    char boot_id[TETHER__BOOT_ID_SIZE]; /* the boot in which it was started */
    bool notify;
    bool delivered;
    char *lease_holder; /* the holder's id, see holder.h; NULL: nobody has leased the completion */
    char *pipestatus;   /* the marker's list, such as "1,0"; NULL: not told */
    int64_t output_limit; /* bytes of each output that are kept after the end; 0: no limit */
    int64_t stdout_total; /* what the task wrote, where the limit may have cut it; -1: not cut */
    int64_t stderr_total;
    bool no_compress;
    bool watched; /* the document has kept watches, see kept_watch.h */
} tether__record;

/* An empty record: every number "absent", no strings. */
void tether__record_init(tether__record *record);

/* Frees what it owns. */
void tether__record_dispose(tether__record *record);

/* Frees the texts and the document; what remains can be looked at, and must not be written. */
void tether__record_trim(tether__record *record);

/* Sets one owned string (value NULL: absent), invalid UTF-8 repaired: paths may be any bytes, and
 * JSON is UTF-8. False when memory is short. */
bool tether__record_set(char **field, const char *value);

/* The codes of a pipestatus list such as "1,0", at least one; freed with free(). False when memory
 * is short. */
bool tether__record_pipeline(const char *list, int **codes, size_t *count);

/* Puts the argv into the document, invalid UTF-8 repaired; false when memory is short. */
bool tether__record_set_argv(tether__record *record, const char *const *argv);

/* What supervises a proxy task, in its record: the host whose own work it is. */
#define TETHER__SUPERVISOR_PROXY "proxy"

/* Whether a task is a proxy: it has no processes of its own, and its supervisor is a host. Nobody
 * may ever be signalled because of it. */
bool tether__record_is_proxy(const tether__record *record);

/* Whether a task has ended and nobody is to be told anything more of it. */
bool tether__record_is_done(const tether__record *record);

/* Reads JSON text into an initialised record. TETHER_ECORRUPT says what is wrong: not JSON, a field
 * missing or of a wrong type, an unknown status, another task's id. A newer schema is read as far
 * as it is understood, and read-only. */
int tether__record_parse(const char *text, size_t size, const char *task_id, tether__record *record,
                         tether_error *error);

/* The record as JSON text, freed with free(); NULL when memory is short. Updates the document. */
char *tether__record_render(tether__record *record);

#endif
