/* Owns reading the requests of hosts, and writing the answers.
 * Must not: do what they ask for, or wait for a host.
 * Thread: the only one. */
#include "monitor/control.h"

#include <stdbool.h>
#include <stddef.h>

#include "monitor/control_os.h"

static char bytes[TETHER__CONTROL_LIMIT + 1];

/* What is no message at all has no answer either: its sender would not understand it. */
static bool decide(size_t size, tether__control_handler *handle, void *userdata,
                   tether__control *answer)
{
    tether__control request;
    *answer = (tether__control){.word = TETHER__CONTROL_DONE};
    switch (size <= TETHER__CONTROL_LIMIT ? tether__control_parse(bytes, size, &request)
                                          : TETHER__CONTROL_GARBAGE) {
    case TETHER__CONTROL_VALID:
        handle(userdata, &request, answer);
        return true;
    case TETHER__CONTROL_NEWER:
        answer->word = TETHER__CONTROL_OTHER_VERSION;
        return true;
    case TETHER__CONTROL_ALIEN:
        answer->word = TETHER__CONTROL_UNKNOWN;
        return true;
    case TETHER__CONTROL_GARBAGE:
        break;
    }
    return false;
}

void tether__control_serve(tether__control_handler *handle, void *userdata)
{
    char text[256];
    size_t size;
    int from;
    while (tether__control_os_receive(bytes, sizeof bytes, &size, &from)) {
        tether__control answer;
        bool any = decide(size, handle, userdata, &answer);
        tether__control_os_answer(from, text,
                                  any ? tether__control_render(&answer, text, sizeof text) : 0);
    }
}
