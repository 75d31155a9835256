/* Owns the way between the library's milliseconds and APR's microseconds.
 * Must not: turn an unknown time into a time, or a wait into a check.
 * Thread: any. */
#include "tether/apr.h"

apr_time_t tether_apr_time(int64_t unix_ms)
{
    return unix_ms == 0 ? TETHER_APR_TIME_UNKNOWN : unix_ms * 1000;
}

int64_t tether_apr_timeout_ms(apr_interval_time_t timeout)
{
    return timeout < 0 ? -1 : timeout / 1000 + (timeout % 1000 != 0);
}
