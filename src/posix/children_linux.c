/* Owns reading the lists of children in Linux's /proc.
 * Must not: decide whose processes they are.
 * Thread: any. */
#include "posix/children.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/grow.h"

/* Adds what one thread has started, as much as memory permits. */
static void add_children(int64_t pid, const char *thread, tether__children *list)
{
    char path[80], *text = NULL;
    size_t capacity = 0;
    snprintf(path, sizeof path, "/proc/%lld/task/%.20s/children", (long long)pid, thread);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        list->partial = true;
        return;
    }
    bool any = getline(&text, &capacity, file) > 0;
    list->partial = list->partial || ferror(file) != 0;
    fclose(file);
    for (char *at = text, *next; any; at = next) {
        void *items = list->items;
        long long child = strtoll(at, &next, 10);
        if (next == at)
            break;
        if (!tether__grow(&items, list->count, &list->capacity, sizeof *list->items)) {
            list->partial = true;
            break;
        }
        list->items = items;
        list->items[list->count++] = child;
    }
    free(text);
}

tether__children tether__children_list(int64_t pid)
{
    char path[40];
    tether__children list = {.items = NULL};
    snprintf(path, sizeof path, "/proc/%lld/task", (long long)pid);
    DIR *threads = opendir(path);
    list.partial = threads == NULL;
    for (struct dirent *entry; threads != NULL && (entry = readdir(threads)) != NULL;) {
        if (entry->d_name[0] != '.')
            add_children(pid, entry->d_name, &list);
    }
    if (threads != NULL)
        closedir(threads);
    return list;
}
