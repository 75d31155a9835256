/* Owns deciding which task a start with a key has found.
 * Must not: start a task, or answer with one whose start another host may still give up.
 * Thread: any. */
#include "task/keyed.h"

#include <stdbool.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "engine/refresh.h"
#include "engine/waiting.h"
#include "format/key.h"
#include "store/keys.h"

static const char step[] = "look for key";

enum {
    LOOKS = 16
}; /* each further one needs a task that was removed, or found not to have begun */

typedef enum standing {
    FREE,      /* it does not have the key: removed, or its command never began */
    UNDECIDED, /* its host may still give it up, or die */
    HELD
} standing;

int tether__keyed_fail(const char *task_id, tether_error *error)
{
    return tether__fail(error, TETHER_ETIMEDOUT, 0, step,
                        "task %s has the key, and the process that starts it has not gone on; try "
                        "again",
                        task_id);
}

/* A task that is starting is decided once its supervisor has told who it is, which makes it
 * `running`. One that this registry starts is visible to other threads only when that is done. */
static standing judge(tether__catalog *catalog, tether__entry *entry, const char *key)
{
    uv_mutex_lock(&catalog->state);
    bool own = entry->child.pid != 0;
    uv_mutex_unlock(&catalog->state);
    if (!tether__key_is_held(&entry->record, key))
        return FREE;
    return entry->record.status == TETHER_STATUS_STARTING && !own ? UNDECIDED : HELD;
}

/* Inspects a task that has not ended by its record. Takes `disk`. */
static int inspect(tether_registry *registry, const char *task_id, const char *key,
                   standing *result, tether_error *error)
{
    tether__catalog *catalog = &registry->catalog;
    tether__entry *entry;
    tether_error problem = {0};
    *result = FREE;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, &problem);
    if (code == TETHER_OK)
        *result = judge(catalog, entry, key);
    uv_mutex_unlock(&catalog->disk);
    if (code == TETHER_OK || code == TETHER_ENOTASK)
        return TETHER_OK;
    tether__error_set(error, &problem);
    return code;
}

/* Looks until the key is free, or a task has it: of those that failed to start, several may have
 * been found by then. */
static int look(tether_registry *registry, const char *key, tether__key_holder *holder,
                standing *result, tether_error *error)
{
    int code = TETHER_OK;
    for (int i = 0; i < LOOKS; i++) {
        *result = FREE;
        code = tether__keys_find(&registry->session, key, holder, error);
        if (code != TETHER_OK || holder->task_id[0] == '\0')
            return code;
        *result = HELD;
        if (holder->ended)
            return code;
        code = inspect(registry, holder->task_id, key, result, error);
        if (code != TETHER_OK || *result != FREE)
            return code;
    }
    /* Such as an end that cannot be written to a full disk: the key cannot be given away then. */
    return tether__keyed_fail(holder->task_id, error);
}

static int wait_until_decided(tether_registry *registry, const char *key,
                              tether__key_holder *holder, standing *result, tether_error *error)
{
    tether__wait wait;
    int code = tether__wait_begin_start(registry, step, &wait, error);
    while (code == TETHER_OK) {
        code = tether__wait_prepare(&wait, error);
        if (code == TETHER_OK)
            code = look(registry, key, holder, result, error);
        if (code != TETHER_OK || *result != UNDECIDED)
            break;
        code = tether__wait_sleep(&wait, NULL, NULL);
        if (code == TETHER_ETIMEDOUT)
            code = tether__keyed_fail(holder->task_id, error);
    }
    tether__wait_end(&wait);
    return code;
}

int tether__keyed_find(tether_registry *registry, const char *key, char task_id[TETHER_ID_SIZE],
                       tether_error *error)
{
    tether__key_holder holder;
    standing result;
    task_id[0] = '\0';
    int code = look(registry, key, &holder, &result, error);
    if (code == TETHER_OK && result == UNDECIDED)
        code = wait_until_decided(registry, key, &holder, &result, error);
    if (code == TETHER_OK && result == HELD)
        strcpy(task_id, holder.task_id);
    return code;
}
