/* Owns the listing of task ids in a directory.
 * Must not: read what the names stand for.
 * Thread: any. */
#include "store/names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/name.h"

typedef struct names {
    char (*ids)[TETHER_ID_SIZE];
    size_t count;
    size_t room;
    bool failed;
} names;

static bool add_name(const char *name, void *userdata)
{
    names *list = userdata;
    if (!tether__task_id_valid(name))
        return true;
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 64 : list->room * 2;
        char(*ids)[TETHER_ID_SIZE] = realloc(list->ids, room * sizeof *ids);
        list->failed = ids == NULL;
        if (list->failed)
            return false;
        list->ids = ids;
        list->room = room;
    }
    strcpy(list->ids[list->count++], name);
    return true;
}

int tether__names_list(tether__dir *dir, char (**ids)[TETHER_ID_SIZE], size_t *count,
                       tether_error *error)
{
    names list = {0};
    int code = tether__os_dir_list(dir, add_name, &list, error);
    if (code == TETHER_OK && list.failed)
        code = tether__fail_memory(error, "list tasks");
    if (code != TETHER_OK) {
        free(list.ids);
        list = (names){0};
    }
    *ids = list.ids;
    *count = list.count;
    return code;
}
