/* Owns the variables that make programs write whole lines at once.
 * Must not: fail a start for a library that is not installed.
 * Thread: the caller's. */
#include "task/line_buffer.h"

#include "base/error.h"
#include "base/text.h"
#include "os/line_buffer.h"

static void add_unless_set(tether__spawn_plan *plan, const char *name, const char *entry)
{
    if (tether__environment_get(&plan->environment, name) == NULL)
        tether__environment_add(&plan->environment, entry);
}

/* Preloads the library in front of what the caller preloads. */
static int add_library(tether__spawn_plan *plan, const char *library, tether_error *error)
{
    const char *before = tether__environment_get(&plan->environment, "LD_PRELOAD");
    tether__text entry = {0};
    tether__text_add_string(&entry, "LD_PRELOAD=");
    tether__text_add_string(&entry, library);
    if (before != NULL && before[0] != '\0') {
        tether__text_add_string(&entry, ":");
        tether__text_add_string(&entry, before);
    }
    if (entry.failed) {
        tether__text_dispose(&entry);
        return tether__fail_memory(error, "prepare environment");
    }
    plan->preload = entry.bytes;
    tether__environment_add(&plan->environment, plan->preload);
    add_unless_set(plan, "_STDBUF_O", "_STDBUF_O=L");
    return TETHER_OK;
}

int tether__line_buffer(tether__spawn_plan *plan, tether_error *error)
{
    const char *library = tether__os_line_buffer_library();
    add_unless_set(plan, "PYTHONUNBUFFERED", "PYTHONUNBUFFERED=1");
    return library != NULL ? add_library(plan, library, error) : TETHER_OK;
}
