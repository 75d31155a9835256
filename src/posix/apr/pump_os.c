/* Owns the threads that write outputs into pipes of the host.
 * Must not: block where a stop does not end it; raise SIGPIPE in the host.
 * Thread: any; each pump has its own. */
#include "apr/pump_os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "apr/fail.h"
#include "posix/apr/quiet_thread.h"

typedef struct pump {
    struct pump *next;
    tether__apr_pumps *pumps;
    tether_follower *follower;
    pthread_t thread;
    int end;
    bool done; /* only the thread's exit is left; guarded by the mutex */
} pump;

struct tether__apr_pumps {
    pthread_mutex_t mutex;
    pump *first;
    int stop[2]; /* a pipe whose writing end is closed to stop all pumps; -1: closed */
};

tether__apr_pumps *tether__apr_pumps_new(void)
{
    tether__apr_pumps *pumps = calloc(1, sizeof *pumps);
    if (pumps == NULL || pipe(pumps->stop) != 0) {
        free(pumps);
        return NULL;
    }
    for (int i = 0; i < 2; i++)
        (void)fcntl(pumps->stop[i], F_SETFD, FD_CLOEXEC);
    pthread_mutex_init(&pumps->mutex, NULL);
    return pumps;
}

/* Writes all bytes; false if the reader is gone or the pumps stop. SIGPIPE is blocked in this
 * thread, and is discarded when it exits. */
static bool deliver(const pump *p, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(p->end, bytes, size);
        if (written >= 0) {
            bytes += written;
            size -= (size_t)written;
            continue;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return false;
        struct pollfd wanted[] = {{.fd = p->end, .events = POLLOUT},
                                  {.fd = p->pumps->stop[0], .events = POLLIN}};
        if (poll(wanted, 2, -1) > 0 && wanted[1].revents != 0)
            return false;
    }
    return true;
}

static void *run(void *data)
{
    pump *p = data;
    tether__apr_pumps *pumps = p->pumps;
    char bytes[16384];
    size_t got;
    tether_stream stream;
    while (tether_follow_read(p->follower, bytes, sizeof bytes, -1, &stream, &got, NULL) ==
               TETHER_OK &&
           got > 0 && deliver(p, bytes, got)) {
    }
    tether_follow_close(p->follower);
    close(p->end);
    pthread_mutex_lock(&pumps->mutex);
    p->done = true;
    pthread_mutex_unlock(&pumps->mutex);
    return NULL;
}

/* Takes a pump out of the list, one that is done or any; NULL: there is none. */
static pump *take(tether__apr_pumps *pumps, bool done)
{
    pthread_mutex_lock(&pumps->mutex);
    pump **place = &pumps->first;
    while (*place != NULL && done && !(*place)->done)
        place = &(*place)->next;
    pump *p = *place;
    if (p != NULL)
        *place = p->next;
    pthread_mutex_unlock(&pumps->mutex);
    return p;
}

static void join_all(tether__apr_pumps *pumps, bool done)
{
    pump *p;
    while ((p = take(pumps, done)) != NULL) {
        pthread_join(p->thread, NULL);
        free(p);
    }
}

static int start_thread(pump *p)
{
    tether__apr_pumps *pumps = p->pumps;
    pthread_mutex_lock(&pumps->mutex);
    int os_error = tether__apr_quiet_thread(&p->thread, run, p);
    if (os_error == 0) {
        p->next = pumps->first;
        pumps->first = p;
    }
    pthread_mutex_unlock(&pumps->mutex);
    return os_error;
}

static int fail(tether_error *error, int code, const char *message)
{
    return tether_apr_code(tether__apr_fail(error, code, "pass on output", message));
}

int tether__apr_pump_start(tether__apr_pumps *pumps, tether_registry *registry, const char *task_id,
                           tether_view view, int end, tether_error *error)
{
    join_all(pumps, true);
    pump *p = calloc(1, sizeof *p);
    if (p == NULL)
        return fail(error, TETHER_ENOMEM, "out of memory");
    *p = (pump){.pumps = pumps, .end = fcntl(end, F_DUPFD_CLOEXEC, 0)};
    int code = p->end >= 0 ? tether_follow_open(registry, task_id, view, NULL, &p->follower, error)
                           : fail(error, TETHER_ELIMIT, "no descriptor is left: raise ulimit -n");
    if (code == TETHER_OK) {
        (void)fcntl(p->end, F_SETFL, fcntl(p->end, F_GETFL) | O_NONBLOCK);
        if (start_thread(p) == 0)
            return TETHER_OK;
        tether_follow_close(p->follower);
        code = fail(error, TETHER_ELIMIT, "no thread is left: raise ulimit -u");
    }
    if (p->end >= 0)
        close(p->end);
    free(p);
    return code;
}

bool tether__apr_pumps_stop(tether__apr_pumps *pumps)
{
    close(pumps->stop[1]);
    pumps->stop[1] = -1;
    pthread_mutex_lock(&pumps->mutex);
    bool any = pumps->first != NULL;
    pthread_mutex_unlock(&pumps->mutex);
    return any;
}

void tether__apr_pumps_free(tether__apr_pumps *pumps)
{
    join_all(pumps, false);
    if (pumps->stop[1] >= 0)
        close(pumps->stop[1]);
    close(pumps->stop[0]);
    pthread_mutex_destroy(&pumps->mutex);
    free(pumps);
}
