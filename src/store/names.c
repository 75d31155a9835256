/* Owns the listing of task ids in a directory.
 * Must not: read the files behind the names.
 * Thread: any. */
#include "store/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "format/name.h"

typedef struct names {
    char (*ids)[TETHER_ID_SIZE];
    size_t count;
    size_t capacity;
    bool no_memory;
} names;

static bool add_name(const char *name, void *userdata)
{
    names *list = userdata;
    if (!tether__task_id_valid(name))
        return true;
    void *ids = list->ids;
    list->no_memory = !tether__grow(&ids, list->count, &list->capacity, sizeof *list->ids);
    if (list->no_memory)
        return false;
    list->ids = ids;
    strcpy(list->ids[list->count++], name);
    return true;
}

int tether__names_list(tether__dir *dir, char (**ids)[TETHER_ID_SIZE], size_t *count,
                       tether_error *error)
{
    names list = {0};
    int code = tether__os_dir_list(dir, add_name, &list, error);
    if (code == TETHER_OK && list.no_memory)
        code = tether__fail_memory(error, "list tasks");
    if (code != TETHER_OK) {
        free(list.ids);
        list = (names){0};
    }
    *ids = list.ids;
    *count = list.count;
    return code;
}

static int compare(const void *left, const void *right)
{
    return strcmp(left, right);
}

void tether__names_sort(char (*ids)[TETHER_ID_SIZE], size_t count)
{
    if (count > 1)
        qsort(ids, count, sizeof *ids, compare);
}

bool tether__names_has(char (*ids)[TETHER_ID_SIZE], size_t count, const char *task_id)
{
    return count > 0 && bsearch(task_id, ids, count, sizeof *ids, compare) != NULL;
}
