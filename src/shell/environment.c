/* Owns the building and checking of a task's environment.
 * Must not: read or change the host's environment itself.
 * Thread: any. */
#include "shell/environment.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const char step[] = "prepare environment";

/* Bytes that the kernel counts in addition to the strings: a pointer for each string, and the
 * program's file name and the auxiliary vector. */
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

static bool has_name(const tether__environment *environment, const char *entry, const char *name,
                     size_t size)
{
    size_t own = name_size(entry);
    return entry[own] == '=' && environment->same_name(entry, own, name, size);
}

/* Replaces all entries of the same name by this one, or appends it. With two entries of one name,
 * programs would differ in which one they use. */
static void put(tether__environment *environment, const char *entry)
{
    size_t size = name_size(entry);
    size_t kept = 0;
    bool replaced = false;
    for (size_t i = 0; i < environment->count; i++) {
        bool same = has_name(environment, environment->entries[i], entry, size);
        if (!same || !replaced)
            environment->entries[kept++] = same ? entry : environment->entries[i];
        replaced = replaced || same;
    }
    if (!replaced)
        environment->entries[kept++] = entry;
    environment->entries[kept] = NULL;
    environment->count = kept;
}

static void drop(tether__environment *environment, const char *name)
{
    size_t size = strlen(name);
    size_t kept = 0;
    for (size_t i = 0; i < environment->count; i++) {
        if (!has_name(environment, environment->entries[i], name, size))
            environment->entries[kept++] = environment->entries[i];
    }
    environment->entries[kept] = NULL;
    environment->count = kept;
}

static int apply_unset(tether__environment *environment, const char *const *names,
                       tether_error *error)
{
    for (; names != NULL && *names != NULL; names++) {
        if ((*names)[0] == '\0' || strchr(*names, '=') != NULL)
            return tether__fail(error, TETHER_EINVAL, 0, step,
                                "\"%.64s\" is no name of a variable to unset; write NAME", *names);
        drop(environment, *names);
    }
    return TETHER_OK;
}

static int apply_set(tether__environment *environment, const char *const *entries,
                     tether_error *error)
{
    for (; entries != NULL && *entries != NULL; entries++) {
        size_t size = name_size(*entries);
        if (size == 0 || (*entries)[size] != '=')
            return tether__fail(error, TETHER_EINVAL, 0, step,
                                "\"%.64s\" is no environment entry; write NAME=value", *entries);
        put(environment, *entries);
    }
    return TETHER_OK;
}

int tether__environment_make(const tether__environment_parts *parts, tether__same_name *same_name,
                             tether__environment *environment, tether_error *error)
{
    size_t base_count = list_size(parts->base);
    size_t capacity = base_count + list_size(parts->set) + 2 + TETHER__ENVIRONMENT_SPARE;
    *environment = (tether__environment){.same_name = same_name};
    environment->entries = calloc(capacity, sizeof(char *));
    if (environment->entries == NULL)
        return tether__fail_memory(error, step);

    for (size_t i = 0; i < base_count; i++)
        environment->entries[environment->count++] = parts->base[i];
    int code = apply_unset(environment, parts->unset, error);
    if (code == TETHER_OK)
        code = apply_set(environment, parts->set, error);
    if (code != TETHER_OK) {
        tether__environment_dispose(environment);
        return code;
    }
    if (parts->last != NULL)
        put(environment, parts->last);
    for (size_t i = 0; i < environment->count; i++)
        environment->bytes += strlen(environment->entries[i]) + 1;
    return TETHER_OK;
}

void tether__environment_dispose(tether__environment *environment)
{
    free(environment->entries);
    *environment = (tether__environment){0};
}

void tether__environment_add(tether__environment *environment, const char *entry)
{
    assert(environment->added < TETHER__ENVIRONMENT_SPARE);
    put(environment, entry);
    environment->added++;
}

const char *tether__environment_get(const tether__environment *environment, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < environment->count; i++) {
        const char *entry = environment->entries[i];
        if (has_name(environment, entry, name, size))
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
                        "largest variable is %.*s with %zu bytes: shorten it, or unset it",
                        total, total_limit, (int)name_size(culprit), culprit, strlen(culprit) + 1);
}

/* cmd stores the current directory of a drive in a variable such as "=C:". Such a name includes the
 * leading '='. */
static size_t windows_name_size(const char *entry)
{
    return entry[0] == '=' ? 1 + strcspn(entry + 1, "=") : name_size(entry);
}

/* Unlike toupper, does not depend on the host's locale, which may change bytes of UTF-8. */
static int upper(char c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : (unsigned char)c;
}

static int compare_names(const char *a, const char *b)
{
    size_t a_size = windows_name_size(a), b_size = windows_name_size(b);
    for (size_t i = 0; i < a_size && i < b_size; i++) {
        int difference = upper(a[i]) - upper(b[i]);
        if (difference != 0)
            return difference;
    }
    return a_size < b_size ? -1 : a_size > b_size;
}

/* Orders entries of the same name by their position, so that the one that was added last stays
 * last. */
static int compare_entries(const void *a, const void *b)
{
    const char *const *const *left = a, *const *const *right = b;
    int order = compare_names(**left, **right);
    return order != 0 ? order : *left < *right ? -1 : 1;
}

void tether__environment_block(const tether__environment *environment, tether__text *text)
{
    size_t count = environment->count;
    const char *const **order = calloc(count + 1, sizeof *order);
    if (order == NULL) {
        text->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        order[i] = &environment->entries[i];
    qsort(order, count, sizeof *order, compare_entries);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || compare_names(*order[i], *order[i + 1]) != 0)
            tether__text_add(text, *order[i], strlen(*order[i]) + 1);
    }
    /* An empty block also has two NULs. */
    tether__text_add(text, "\0", count == 0 ? 2 : 1);
    free(order);
}
