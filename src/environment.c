/* Owns the making and checking of a task's environment.
 * Must not: read or change the host's environment itself.
 * Thread: any. */
#include "environment.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

static const char step[] = "prepare environment";

/* Bytes that the kernel takes besides the strings: a pointer for each, and the program's own name
 * and auxiliary values. */
enum { POINTER_COST = sizeof(char *), RESERVE = 4096 };

static size_t name_size(const char *entry)
{
    return strcspn(entry, "=");
}

static size_t list_size(const char *const *list)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL)
        count++;
    return count;
}

/* Replaces the entries of the same name, or appends. All of them: where there are two, programs
 * differ in which one they take. */
static void put(tether__environment *environment, const char *entry)
{
    size_t size = name_size(entry) + 1;
    size_t kept = 0;
    bool replaced = false;
    for (size_t i = 0; i < environment->count; i++) {
        bool same = strncmp(environment->entries[i], entry, size) == 0;
        if (!same || !replaced)
            environment->entries[kept++] = same ? entry : environment->entries[i];
        replaced = replaced || same;
    }
    if (!replaced)
        environment->entries[kept++] = entry;
    environment->entries[kept] = NULL;
    environment->count = kept;
}

int tether__environment_make(const char *const *base, const char *const *set, const char *last,
                             tether__environment *environment, tether_error *error)
{
    size_t base_count = list_size(base);
    size_t set_count = list_size(set);
    *environment = (tether__environment){0};
    environment->entries = calloc(base_count + set_count + 2, sizeof(char *));
    if (environment->entries == NULL)
        return tether__fail_memory(error, step);

    for (size_t i = 0; i < base_count; i++)
        environment->entries[environment->count++] = base[i];
    for (size_t i = 0; i < set_count; i++) {
        if (name_size(set[i]) == 0 || set[i][name_size(set[i])] != '=') {
            tether__environment_dispose(environment);
            return tether__fail(error, TETHER_EINVAL, 0, step,
                                "\"%.64s\" is no environment entry; write NAME=value", set[i]);
        }
        put(environment, set[i]);
    }
    if (last != NULL)
        put(environment, last);
    for (size_t i = 0; i < environment->count; i++)
        environment->bytes += strlen(environment->entries[i]) + 1;
    return TETHER_OK;
}

void tether__environment_dispose(tether__environment *environment)
{
    free(environment->entries);
    *environment = (tether__environment){0};
}

const char *tether__environment_get(const tether__environment *environment, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < environment->count; i++) {
        const char *entry = environment->entries[i];
        if (strncmp(entry, name, size) == 0 && entry[size] == '=')
            return entry + size + 1;
    }
    return NULL;
}

static bool is_portable_name(const char *entry)
{
    size_t size = name_size(entry);
    if (size == 0 || isdigit((unsigned char)entry[0]))
        return false;
    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)entry[i]) && entry[i] != '_')
            return false;
    }
    return true;
}

bool tether__environment_portable(const tether__environment *environment)
{
    for (size_t i = 0; i < environment->count; i++) {
        if (!is_portable_name(environment->entries[i]))
            return false;
    }
    return true;
}

static const char *longest_entry(const tether__environment *environment)
{
    const char *longest = "";
    for (size_t i = 0; i < environment->count; i++) {
        if (strlen(environment->entries[i]) > strlen(longest))
            longest = environment->entries[i];
    }
    return longest;
}

static int too_big(tether_error *error, const char *kind, const char *name, size_t name_length,
                   size_t size, size_t limit)
{
    return tether__fail(error, TETHER_ETOOBIG, 0, step,
                        "%s %.*s takes %zu bytes and the system allows %zu; pass it in a file",
                        kind, name_length > 64 ? 64 : (int)name_length, name, size, limit);
}

int tether__environment_check(const tether__environment *environment, const char *const *argv,
                              size_t string_limit, size_t total_limit, tether_error *error)
{
    for (size_t i = 0; i < environment->count; i++) {
        const char *entry = environment->entries[i];
        if (strlen(entry) + 1 > string_limit)
            return too_big(error, "environment variable", entry, name_size(entry),
                           strlen(entry) + 1, string_limit);
    }
    size_t total = environment->bytes + environment->count * POINTER_COST + RESERVE;
    for (size_t i = 0; argv != NULL && argv[i] != NULL; i++) {
        size_t size = strlen(argv[i]) + 1;
        if (size > string_limit)
            return too_big(error, "an argument that begins with", argv[i], strlen(argv[i]), size,
                           string_limit);
        total += size + POINTER_COST;
    }
    if (total <= total_limit)
        return TETHER_OK;

    const char *culprit = longest_entry(environment);
    return tether__fail(error, TETHER_ETOOBIG, 0, step,
                        "environment and arguments take %zu bytes and the system allows %zu; the "
                        "largest variable is %.*s with %zu bytes",
                        total, total_limit, (int)name_size(culprit), culprit, strlen(culprit) + 1);
}
