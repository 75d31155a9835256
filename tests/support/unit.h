/* Includes CMocka for tests of pure modules, and adds an assertion that prints error messages. */
#ifndef TETHER_TEST_UNIT_H
#define TETHER_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tether/error.h"

/* Fails with the error's message if a call does not return TETHER_OK, or if it returns that and
 * writes the error. `error` is the tether_error that the call fills. */
#define ASSERT_OK(call, error)                                                                     \
    do {                                                                                           \
        tether_error assert_ok_before = (error);                                                   \
        int assert_ok_code = (call);                                                               \
        if (assert_ok_code != TETHER_OK)                                                           \
            fail_msg("%s:%d: %s: %s (%s)", __FILE__, __LINE__, #call,                              \
                     tether_error_name(assert_ok_code), (error).message);                          \
        if (memcmp(&assert_ok_before, &(error), sizeof assert_ok_before) != 0)                     \
            fail_msg("%s:%d: %s succeeds, but writes the error: %s", __FILE__, __LINE__, #call,    \
                     (error).message);                                                             \
    } while (0)

#endif
