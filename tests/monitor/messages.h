/* Messages that are no requests, or requests that a monitor must not follow, and what it answers.
 */
#ifndef TETHER_TEST_MESSAGES_H
#define TETHER_TEST_MESSAGES_H

#include <stddef.h>

#define MESSAGE(text) text, sizeof text - 1

typedef struct bad_message {
    const char *bytes;
    size_t size;
    const char *answer; /* NULL: the connection is closed */
} bad_message;

static const char too_large[100 * 1024] = "tether-control 1\0input\0end";

static const bad_message bad_messages[] = {
    {MESSAGE("GET / HTTP/1.1\r\n\r\n"), NULL},
    {MESSAGE("\0"), NULL},
    {MESSAGE("tether-control 1\0deadline\0at=5"), NULL},
    {MESSAGE("tether-control 1\0deadline\0at=-5\0move=9\0end\0"), NULL},
    {too_large, sizeof too_large, NULL},
    {MESSAGE("tether-control 7\0deadline\0at=5\0move=9\0end\0"), "version"},
    {MESSAGE("tether-control 1\0reboot\0end\0"), "unknown"},
    {MESSAGE("tether-control 1\0deadline\0at=5\0move=9\0wipe=1\0end\0"), "unknown"},
    {MESSAGE("tether-control 1\0done\0end\0"), "unknown"},
    {MESSAGE("tether-control 1\0deadline\0at=5\0move=0\0end\0"), "done"},
};

enum { BAD_MESSAGES = sizeof bad_messages / sizeof bad_messages[0] };

#endif
