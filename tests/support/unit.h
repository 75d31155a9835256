/* What a test of a pure module needs: cmocka, and the words of an error. */
#ifndef TETHER_TEST_UNIT_H
#define TETHER_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tether/error.h"

/* Fails with the error's own words where a call does not return TETHER_OK. `error` is a
 * tether_error of that call. */
#define ASSERT_OK(call, error)                                                                     \
    do {                                                                                           \
        int assert_ok_code = (call);                                                               \
        if (assert_ok_code != TETHER_OK)                                                           \
            fail_msg("%s:%d: %s: %s (%s)", __FILE__, __LINE__, #call,                              \
                     tether_error_name(assert_ok_code), (error).message);                          \
    } while (0)

#endif
