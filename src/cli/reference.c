/* Owns the rules by which a word of the command line means a task.
 * Must not: look at a store, or print.
 * Thread: any; pure functions. */
#include "cli/reference.h"

#include <string.h>

static const char last[] = "@last";

/* Reads "@last" or "@last-N". Returns false for any other word, and for a number that no list can
 * reach. */
static bool read_last(const char *word, size_t *back)
{
    *back = 0;
    if (strncmp(word, last, sizeof last - 1) != 0)
        return false;
    word += sizeof last - 1;
    if (*word == '\0')
        return true;
    if (*word++ != '-' || *word == '\0')
        return false;
    for (; *word >= '0' && *word <= '9'; word++) {
        if (*back > (SIZE_MAX - 9) / 10)
            return false;
        *back = *back * 10 + (size_t)(*word - '0');
    }
    return *word == '\0';
}

static bool has_id(const char *word, const tether_snapshot *task)
{
    return strcmp(task->task_id, word) == 0;
}

static bool has_name(const char *word, const tether_snapshot *task)
{
    return task->name != NULL && strcmp(task->name, word) == 0;
}

bool reference_begins(const char *word, const tether_snapshot *task)
{
    return *word != '\0' && strncmp(task->task_id, word, strlen(word)) == 0;
}

/* A rule that a task fulfils or not. */
typedef bool rule(const char *word, const tether_snapshot *task);

static reference find_by(rule *applies, const char *word, tether_snapshot *const *tasks,
                         size_t count)
{
    reference found = {0, 0};
    size_t i;

    for (i = 0; i < count; i++) {
        if (!applies(word, tasks[i]))
            continue;
        if (found.count == 0)
            found.first = i;
        found.count++;
    }
    return found;
}

reference reference_find(const char *word, tether_snapshot *const *tasks, size_t count)
{
    reference found = find_by(has_id, word, tasks, count);
    size_t back;

    if (found.count == 0 && read_last(word, &back)) {
        found.count = back < count ? 1 : 0;
        found.first = back;
    }
    if (found.count == 0)
        found = find_by(has_name, word, tasks, count);
    if (found.count > 0) {
        found.count = 1;
        return found;
    }
    return find_by(reference_begins, word, tasks, count);
}
