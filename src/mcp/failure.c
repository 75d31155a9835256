/* Owns filling the errors that the servers detect themselves.
 * Must not: print them.
 * Thread: any. */
#include "mcp/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/utf8.h"

int failure(tether_error *error, int code, const char *step, const char *format, ...)
{
    va_list arguments;
    error->code = code;
    error->os_error = 0;
    snprintf(error->step, sizeof error->step, "%s", step);
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    /* A value of the client may have been cut within a character. */
    size_t length = strlen(error->message);
    error->message[length - utf8_incomplete_end(error->message, length)] = '\0';
    return code;
}

int failure_memory(tether_error *error, const char *step)
{
    return failure(error, TETHER_ENOMEM, step, "memory is short; try again when less is running");
}

static const char *after_last(const char *text, const char *separator)
{
    const char *after = NULL;
    for (; (text = strstr(text, separator)) != NULL; text += strlen(separator))
        after = text + strlen(separator);
    return after;
}

const char *failure_cure(const tether_error *error)
{
    const char *cure = after_last(error->message, "; ");
    if (cure == NULL)
        cure = after_last(error->message, ": ");
    return cure != NULL ? cure : "";
}
