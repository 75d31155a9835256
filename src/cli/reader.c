/* Owns the decision to end the command when nobody reads its standard output any more.
 * Must not: print anything, or end the process while a registry is open.
 * Thread: the main one; notice_gone runs on the watching thread, or on the one that writes. */
#include "cli/reader.h"

#include <uv.h>

#include "cli/reader_os.h"
#include "cli/stream.h"

/* `calling` is held while the registry and userdata are used, and is locked before any other lock;
 * `flag` guards `gone` alone, and is locked last. */
static struct {
    bool started;
    uv_mutex_t calling, flag;
    bool gone;
    tether_registry *registry; /* NULL: none */
    reader_wake wake;
    void *userdata;
} reader;

static void set_gone(void)
{
    uv_mutex_lock(&reader.flag);
    reader.gone = true;
    uv_mutex_unlock(&reader.flag);
}

static void notice_gone(void)
{
    set_gone();
    uv_mutex_lock(&reader.calling);
    if (reader.registry != NULL)
        tether_interrupt(reader.registry);
    if (reader.registry != NULL && reader.wake != NULL)
        reader.wake(reader.userdata);
    uv_mutex_unlock(&reader.calling);
}

void reader_watch(tether_registry *registry, reader_wake wake, void *userdata)
{
    if (reader.started)
        return;
    if (uv_mutex_init(&reader.calling) != 0)
        return;
    if (uv_mutex_init(&reader.flag) != 0) {
        uv_mutex_destroy(&reader.calling);
        return;
    }
    reader.started = true;
    reader.registry = registry;
    reader.wake = wake;
    reader.userdata = userdata;
    stream_on_broken(stream_stdout(), set_gone);
    reader_os_watch(notice_gone);
}

/* The mutexes stay: the watching thread lives as long as the process. */
void reader_unwatch(void)
{
    if (!reader.started)
        return;
    uv_mutex_lock(&reader.calling);
    reader.registry = NULL;
    uv_mutex_unlock(&reader.calling);
}

bool reader_gone(void)
{
    bool gone;

    if (!reader.started)
        return false;
    uv_mutex_lock(&reader.flag);
    gone = reader.gone;
    uv_mutex_unlock(&reader.flag);
    return gone;
}

void reader_end(void)
{
    if (reader_gone())
        reader_os_end();
}
