/* What the test of a pure module needs: cmocka, and an assertion that prints a tether_error. */
#ifndef TETHER_TEST_UNIT_H
#define TETHER_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tether/error.h"

/* Fails with the message of `error`, the tether_error of the call, if the call does not return
 * TETHER_OK. */
#define ASSERT_OK(call, error)                                                                     \
    do {                                                                                           \
        int assert_ok_code = (call);                                                               \
        if (assert_ok_code != TETHER_OK)                                                           \
            fail_msg("%s:%d: %s: %s (%s)", __FILE__, __LINE__, #call,                              \
                     tether_error_name(assert_ok_code), (error).message);                          \
    } while (0)

#endif
