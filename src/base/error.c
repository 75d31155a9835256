/* Owns the texts of error codes and the filling of error structs.
 * Must not: allocate, print, or read errno (the caller has captured it).
 * Thread: any. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tether/version.h"

/* The size in the first version. A caller's size of 0, or any smaller one, counts as this size. */
enum { FIRST_SIZE = sizeof(tether_error) };

void tether__error_set(tether_error *error, const tether_error *failure)
{
    const size_t skip = sizeof error->size;
    if (error == NULL)
        return;
    size_t size = error->size > FIRST_SIZE ? error->size : FIRST_SIZE;
    if (size > sizeof *error)
        size = sizeof *error;
    memcpy((char *)error + skip, (const char *)failure + skip, size - skip);
}

int tether__fail(tether_error *error, int code, int os_error, const char *step, const char *format,
                 ...)
{
    if (error == NULL)
        return code;

    /* Fills a local copy first, because the arguments may point into *error. */
    tether_error filled = {.code = code, .os_error = os_error};
    snprintf(filled.step, sizeof filled.step, "%s", step);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(filled.message, sizeof filled.message, format, arguments);
    va_end(arguments);
    tether__error_set(error, &filled);
    return code;
}

int tether__fail_memory(tether_error *error, const char *step)
{
    return tether__fail(error, TETHER_ENOMEM, 0, step,
                        "%s: out of memory; free some memory or raise the limit of this process",
                        step);
}

const char *tether_error_name(int code)
{
    switch (code) {
    case TETHER_OK:
        return "TETHER_OK";
#define CASE(name, value, text)                                                                    \
    case TETHER_##name:                                                                            \
        return "TETHER_" #name;
        TETHER_ERROR_MAP(CASE)
#undef CASE
    default:
        return "TETHER_UNKNOWN";
    }
}

const char *tether_error_text(int code)
{
    switch (code) {
    case TETHER_OK:
        return "success";
#define CASE(name, value, text)                                                                    \
    case TETHER_##name:                                                                            \
        return text;
        TETHER_ERROR_MAP(CASE)
#undef CASE
    default:
        return "unknown error";
    }
}

const char *tether_version(void)
{
    return TETHER_VERSION;
}
