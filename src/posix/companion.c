/* Owns the search for the programs that belong to tether.
 * Must not: search the PATH, where anybody's program of that name may be.
 * Thread: any. */
#include "os/companion.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "base/text.h"

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

enum { PLACE_SIZE = PATH_MAX };

/* Where programs of tether stand as seen from a folder with a program or a library. */
static const char *const beside[] = {"", "../libexec/tether/", NULL};

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Looks from the folder of a file. */
static bool find_from(const char *file, const char *name, char found[PLACE_SIZE])
{
    const char *end = strrchr(file, '/');
    for (const char *const *place = beside; end != NULL && *place != NULL; place++) {
        int size = snprintf(found, PLACE_SIZE, "%.*s/%s%s", (int)(end - file), file, *place, name);
        if (size < PLACE_SIZE && is_program(found))
            return true;
    }
    return false;
}

/* The file of this library; that of the program if it is part of it. */
static bool find_from_library(const char *name, char found[PLACE_SIZE])
{
    Dl_info info;
    static const char inside;
    return dladdr(&inside, &info) != 0 && info.dli_fname != NULL && info.dli_fname[0] == '/' &&
           find_from(info.dli_fname, name, found);
}

static bool find_from_program(const char *name, char found[PLACE_SIZE])
{
    char program[PLACE_SIZE];
    size_t size = sizeof program;
    return uv_exepath(program, &size) == 0 && find_from(program, name, found);
}

static bool find_installed(const char *name, char found[PLACE_SIZE])
{
    return snprintf(found, PLACE_SIZE, TETHER_LIBEXEC "/%s", name) < PLACE_SIZE &&
           is_program(found);
}

static bool take_named(const char *path, char found[PLACE_SIZE])
{
    return path[0] == '/' && snprintf(found, PLACE_SIZE, "%s", path) < PLACE_SIZE &&
           is_program(found);
}

/* Whether what was found before is still there. That this user may execute it was asked then; if
 * that has changed, the start says so. */
static bool take_known(const char *path, char found[PLACE_SIZE])
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0 &&
           snprintf(found, PLACE_SIZE, "%s", path) < PLACE_SIZE;
}

static bool search(const char *name, char **known, char found[PLACE_SIZE])
{
    if (known != NULL && *known != NULL && take_known(*known, found))
        return true;
    if (!find_from_program(name, found) && !find_from_library(name, found) &&
        !find_installed(name, found))
        return false;
    if (known != NULL && *known == NULL)
        *known = tether__text_copy(found);
    return true;
}

/* A variable that is set decides alone. */
static bool find_anywhere(const char *name, const char *variable, char **known,
                          char found[PLACE_SIZE])
{
    const char *named = getenv(variable);
    return named != NULL ? take_named(named, found) : search(name, known, found);
}

int tether__os_find_companion(const char *name, const char *variable, char **known, char **path,
                              tether_error *error)
{
    char found[PLACE_SIZE];
    *path = NULL;
    if (!find_anywhere(name, variable, known, found))
        return tether__fail(error, TETHER_ENOPROGRAM, 0, "find program",
                            "%s is not installed; name it in %s", name, variable);
    *path = tether__text_copy(found);
    return *path != NULL ? TETHER_OK : tether__fail_memory(error, "find program");
}
