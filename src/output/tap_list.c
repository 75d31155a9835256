/* Owns the list of a registry's taps, and their open outputs.
 * Must not: read output, or decide when it is read.
 * Thread: any; the header names the functions that need the mutex. */
#include "output/tap_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void tether__tap_close_outputs(tether__tap *t)
{
    for (int stream = 0; t->open && stream < 2; stream++)
        tether__output_close(&t->outputs[stream]);
    t->open = false;
}

void tether__tap_free(tether__tap *t)
{
    tether__tap_close_outputs(t);
    for (size_t i = 0; i < t->count; i++)
        tether__search_free(t->searches[i]);
    free(t->ring);
    free(t);
}

tether__tap *tether__tap_find(const tether__taps *taps, const char *task_id)
{
    for (tether__tap *t = taps->first; t != NULL; t = t->next) {
        if (strcmp(t->id, task_id) == 0)
            return t;
    }
    return NULL;
}

static bool is_open(tether__taps *taps, const char *task_id)
{
    uv_mutex_lock(&taps->mutex);
    const tether__tap *t = tether__tap_find(taps, task_id);
    bool open = t != NULL && t->open;
    uv_mutex_unlock(&taps->mutex);
    return open;
}

int tether__tap_open_outputs(tether__taps *taps, const char *task_id, tether_error *error)
{
    int code = TETHER_OK;
    tether__output outputs[2] = {TETHER__OUTPUT_NONE, TETHER__OUTPUT_NONE};
    if (is_open(taps, task_id))
        return TETHER_OK;
    for (int stream = 0; code == TETHER_OK && stream < 2; stream++)
        code = tether__output_open(taps->registry, task_id, (tether_stream)stream, &outputs[stream],
                                   error);
    uv_mutex_lock(&taps->mutex);
    tether__tap *t = tether__tap_find(taps, task_id);
    bool needed = code == TETHER_OK && t != NULL && !t->open;
    if (needed) {
        memcpy(t->outputs, outputs, sizeof outputs);
        t->open = true;
    }
    uv_mutex_unlock(&taps->mutex);
    for (int stream = 0; !needed && stream < 2; stream++)
        tether__output_close(&outputs[stream]);
    return code;
}

bool tether__tap_detach(tether__tap *t, const tether__search *search)
{
    size_t index = 0;
    while (index < t->count && t->searches[index] != search)
        index++;
    if (index == t->count)
        return false;
    memmove(t->searches + index, t->searches + index + 1,
            (t->count - index - 1) * sizeof t->searches[0]);
    t->count--;
    return true;
}

bool tether__tap_remove_searches(tether__tap *t, int number)
{
    bool removed = false;
    for (size_t i = 0; i < t->count;) {
        tether__search *search = t->searches[i];
        if (number != 0 && search->number != number) {
            i++;
            continue;
        }
        tether__tap_detach(t, search);
        if (search != t->feeding)
            tether__search_free(search);
        removed = true;
    }
    return removed;
}
