/* Owns the limits of background jobs. They stand in an exported variable, so that shells that this
 * one starts, also as jobs, have them too.
 * Must not: enforce them: the library does.
 * Thread: the only one. */
#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char variable[] = "TETHER_SHELL_LIMITS";
static const char *const names[] = {"count", "output", "time"};
enum { COUNT, OUTPUT, TIME, LIMITS };

/* The text of each limit, or NULL; `all` has zeros between them then. */
static void take_apart(char *all, const char *values[LIMITS])
{
    for (char *part = strtok(all, " "); part != NULL; part = strtok(NULL, " ")) {
        for (int i = 0; i < LIMITS; i++) {
            size_t size = strlen(names[i]);
            if (strncmp(part, names[i], size) == 0 && part[size] == '=')
                values[i] = part + size + 1;
        }
    }
}

static char *stored(const struct shell *sh)
{
    const char *value = vars_get(&sh->vars, variable);
    return shell_copy(value == NULL ? "" : value);
}

struct limits limits_get(const struct shell *sh)
{
    const char *values[LIMITS] = {0};
    struct limits limits = {.time_ms = TETHER_NO_TIMEOUT};
    char *all = stored(sh);
    take_apart(all, values);
    if (values[COUNT] != NULL)
        limits.count = strtoul(values[COUNT], NULL, 10);
    if (values[OUTPUT] != NULL) {
        limits.output = strtoull(values[OUTPUT], NULL, 10);
        limits.ends = strstr(values[OUTPUT], ",kill") != NULL;
    }
    if (values[TIME] != NULL)
        limits.time_ms = (int64_t)(strtod(values[TIME], NULL) * 1000);
    free(all);
    return limits;
}

static void show(const char *const values[LIMITS])
{
    for (int i = 0; i < LIMITS; i++)
        printf("%s %s\n", names[i], values[i] == NULL ? "none" : values[i]);
}

static void store(struct shell *sh, const char *const values[LIMITS])
{
    struct text all = {0};
    for (int i = 0; i < LIMITS; i++) {
        if (values[i] == NULL)
            continue;
        text_add_string(&all, all.size > 0 ? " " : "");
        text_add_string(&all, names[i]);
        text_add_char(&all, '=');
        text_add_string(&all, values[i]);
    }
    char *value = text_take(&all);
    vars_set(&sh->vars, variable, value);
    vars_export(&sh->vars, variable);
    free(value);
}

/* A number above 0; only a time has a fraction. */
static bool is_limit(int which, const char *text)
{
    const char *digits = which == TIME ? "0123456789." : "0123456789";
    return strspn(text, digits) == strlen(text) && strtod(text, NULL) >= 0.001 &&
           strtod(text, NULL) < 1e15;
}

static int set(struct shell *sh, const struct list *words, const char *values[LIMITS])
{
    int which = 0;
    while (which < LIMITS && strcmp(words->items[1], names[which]) != 0)
        which++;
    bool ends = words->count == 4 && which == OUTPUT && strcmp(words->items[3], "kill") == 0;
    bool none = words->count == 3 && strcmp(words->items[2], "none") == 0;
    if (which == LIMITS || words->count < 3 || (words->count > 3 && !ends) ||
        (!none && !is_limit(which, words->items[2]))) {
        complain("limit: usage: limit [count NUMBER | output BYTES [kill] | time SECONDS], or "
                 "none in the place of the number");
        return 2;
    }
    char value[64];
    snprintf(value, sizeof value, "%.40s%s", words->items[2], ends ? ",kill" : "");
    values[which] = none ? NULL : value;
    store(sh, values);
    return 0;
}

int builtin_limit(struct shell *sh, const struct list *words)
{
    const char *values[LIMITS] = {0};
    char *all = stored(sh);
    take_apart(all, values);
    int status = 0;
    if (words->count > 1)
        status = set(sh, words, values);
    else
        show(values);
    free(all);
    return status;
}
