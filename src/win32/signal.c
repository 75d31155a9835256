/* Owns signal names and numbers on Windows: those that stand for an action that exists here.
 * Must not: send any.
 * Thread: any. */
#include "os/signal.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "win32/signal.h"

/* The numbers are those of POSIX systems, so that the same scripts work on both. */
static const struct {
    const char *name;
    int number;
} names[] = {
    {"KILL", TETHER__WIN32_KILL},
    {"TERM", TETHER__WIN32_TERM},
    {"INT", TETHER__WIN32_INT},
    {"BREAK", TETHER__WIN32_BREAK},
};

int tether__os_signal_number(const char *name)
{
    char *end;
    long number = isdigit((unsigned char)name[0]) ? strtol(name, &end, 10) : 0;
    if (number != 0 && *end != '\0')
        return 0;
    if (strlen(name) > 3 && toupper((unsigned char)name[0]) == 'S' &&
        toupper((unsigned char)name[1]) == 'I' && toupper((unsigned char)name[2]) == 'G')
        name += 3;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (number == names[i].number || tether__text_same_word(name, names[i].name))
            return names[i].number;
    }
    return 0;
}

int tether__os_signal_polite(void)
{
    return TETHER__WIN32_TERM;
}

int tether__os_signal_final(void)
{
    return TETHER__WIN32_KILL;
}

bool tether__os_signal_is_told(void)
{
    return false;
}

/* STATUS_CONTROL_C_EXIT, with which the default handler of console events ends a program, and cmd a
 * batch file. */
int64_t tether__os_signal_polite_code(void)
{
    return INT64_C(0xC000013A);
}

void tether__os_signal_name(int number, char name[TETHER__SIGNAL_NAME_SIZE])
{
    name[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (number == names[i].number)
            snprintf(name, TETHER__SIGNAL_NAME_SIZE, "SIG%s", names[i].name);
    }
}
