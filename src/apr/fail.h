/* Failures that this library finds itself. */
#ifndef TETHER_APR_FAIL_H
#define TETHER_APR_FAIL_H

#include "tether/apr.h"

/* Fills the error, which may be NULL. Returns the status for the code. */
apr_status_t tether__apr_fail(tether_error *error, int code, const char *step, const char *message);

/* The same for a call of APR that has failed; returns its status. */
apr_status_t tether__apr_fail_apr(tether_error *error, apr_status_t status, const char *step);

#endif
