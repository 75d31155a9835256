/* Owns the errors of starting a thread, for both platforms.
 * Must not: know what the thread does.
 * Thread: any. */
#include "os/start_thread.h"

#include "base/error.h"

int tether__start_thread(uv_thread_t *thread, void (*run)(void *userdata), void *userdata,
                         const char *step, tether_error *error)
{
    int result = uv_thread_create(thread, run, userdata);
    if (result == 0)
        return TETHER_OK;
    /* Newer C libraries start threads by clone3, and use clone instead only after ENOSYS. */
    if (result == UV_EPERM || result == UV_EACCES || result == UV_ENOSYS)
        return tether__fail(error, TETHER_ENOTSUP, -result, step,
                            "the system refuses to start a thread; if this is a container, its "
                            "seccomp filter may not know clone3: update what runs the container");
    char words[128];
    uv_strerror_r(result, words, sizeof words);
    return tether__fail(error, TETHER_ELIMIT, -result, step,
                        "no thread can be started (%s); raise the limit of processes (ulimit -u)",
                        words);
}
