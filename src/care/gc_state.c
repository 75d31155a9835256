/* Owns the mapping between gc.json and struct tether__gc_state.
 * Must not: decide whether the clock is believed, or fail because of the file's content.
 * Thread: any. */
#include "care/gc_state.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/json.h"
#include "os/clock.h"

static const char state_file[] = "gc.json";

enum { SCHEMA = 1, FILE_LIMIT = 4096 };

static void load_moment(json_t *value, const tether__clock_frame *own, tether__moment *moment)
{
    const char *boot_id = json_string_value(json_object_get(value, "boot_id"));
    *moment = (tether__moment){
        .wall_ms = json_integer_value(json_object_get(value, "wall_ms")),
        .uptime_ms = json_integer_value(json_object_get(value, "uptime_ms")),
    };
    if (moment->uptime_ms > 0)
        moment->uptime_ms += own->boot_ns / 1000000;
    if (boot_id != NULL && strlen(boot_id) < sizeof moment->boot_id)
        strcpy(moment->boot_id, boot_id);
}

int tether__gc_state_load(const tether__store *store, tether__gc_state *state, tether_error *error)
{
    char *text;
    size_t size;
    tether_error problem = {0};
    tether__clock_frame own;
    *state = (tether__gc_state){0};
    int code = tether__here_frame(&store->here, &own, &problem);
    if (code == TETHER_OK)
        code =
            tether__os_file_read(store->root, state_file, FILE_LIMIT, &text, &size, NULL, &problem);
    if (code == TETHER_ENOTASK || code == TETHER_ETOOBIG || code == TETHER_ECORRUPT)
        return TETHER_OK;
    if (code != TETHER_OK) {
        tether__error_set(error, &problem);
        return code;
    }
    bool no_memory;
    json_error_t why;
    json_t *document = tether__json_parse(text, size, 0, &no_memory, &why);
    free(text);
    if (no_memory)
        return tether__fail_memory(error, "read gc.json");
    if (json_integer_value(json_object_get(document, "schema_version")) == SCHEMA) {
        load_moment(json_object_get(document, "believed"), &own, &state->clock.believed);
        load_moment(json_object_get(document, "doubted"), &own, &state->clock.doubted);
        load_moment(json_object_get(document, "collected"), &own, &state->collected);
        load_moment(json_object_get(document, "stopped"), &own, &state->stopped);
        state->clock.doubted_since = json_integer_value(json_object_get(document, "doubted_since"));
    }
    json_decref(document);
    return TETHER_OK;
}

static json_t *store_moment(const tether__moment *moment, const tether__clock_frame *own)
{
    if (moment->wall_ms == 0)
        return json_null();
    return json_pack("{s:I, s:I, s:s}", "wall_ms", (json_int_t)moment->wall_ms, "uptime_ms",
                     (json_int_t)(moment->uptime_ms - own->boot_ns / 1000000), "boot_id",
                     moment->boot_id);
}

int tether__gc_state_save(const tether__store *store, const tether__gc_state *state,
                          tether_error *error)
{
    tether__clock_frame own;
    int code = tether__here_frame(&store->here, &own, error);
    if (code != TETHER_OK)
        return code;
    json_t *document = json_pack("{s:i, s:o, s:o, s:I, s:o, s:o}", "schema_version", SCHEMA,
                                 "believed", store_moment(&state->clock.believed, &own), "doubted",
                                 store_moment(&state->clock.doubted, &own), "doubted_since",
                                 (json_int_t)state->clock.doubted_since, "collected",
                                 store_moment(&state->collected, &own), "stopped",
                                 store_moment(&state->stopped, &own));
    char *text = document != NULL ? json_dumps(document, JSON_INDENT(1)) : NULL;
    json_decref(document);
    if (text == NULL)
        return tether__fail_memory(error, "write gc.json");
    code = tether__os_file_replace(store->root, state_file, text, strlen(text), store->sync, error);
    free(text);
    return code;
}

void tether__moment_now(const tether__here *here, tether__moment *now)
{
    now->wall_ms = tether__os_wall_ms();
    now->uptime_ms = tether__os_uptime_ms();
    tether__here_boot_id(here, now->boot_id);
}
