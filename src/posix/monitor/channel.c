/* Owns the socket `control` in the bundle, and the connections of hosts.
 * Must not: wait for a host, trust another user, or replace what is no file of this name.
 * Thread: the only one. */
#include "posix/monitor/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/control_os.h"
#include "os/clock.h"
#include "posix/raise_fd.h"

enum {
    ABOVE_STANDARD = 3,
    BACKLOG = 128,
    ROOM = TETHER__CHANNEL_CONNECTIONS,
    PATIENCE_MS =
        1000,         /* with a silent host, when all connections are used and another one comes */
    NO_ROOM_MS = 1000 /* without a descriptor for a connection, until the next attempt */
};

typedef struct connection {
    int fd; /* -1: none */
    bool ready;
    int64_t heard_ms; /* when its last message came, or it did */
} connection;

static const char name[] = "control";
static const char *place;
static int listener = -1;
static struct stat made; /* the socket's file */
static int64_t not_before_ms;
static connection connections[ROOM];
static bool any; /* the connections have been initialised */

void tether__control_os_place(const char *bundle)
{
    place = bundle;
}

/* --- The socket --- */

static bool is_there(int bundle)
{
    struct stat now;
    return listener >= 0 && fstatat(bundle, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
           now.st_dev == made.st_dev && now.st_ino == made.st_ino;
}

/* An address has room for 107 bytes, so the name is relative. The monitor needs no directory of its
 * own any more, but stays in none that others want to remove. */
static bool bind_in(int bundle, int fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, sizeof name);
    mode_t mask = umask(0177);
    bool bound = fchdir(bundle) == 0 &&
                 bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                 fstatat(bundle, name, &made, AT_SYMLINK_NOFOLLOW) == 0 && listen(fd, BACKLOG) == 0;
    umask(mask);
    return chdir("/") == 0 && bound;
}

/* Nothing else has this name, so a file or link is a mistake, and goes; a directory stays, and
 * there is no channel. */
static void make(int bundle)
{
    int fd = tether__posix_raise_fd(
        socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), ABOVE_STANDARD);
    (void)unlinkat(bundle, name, 0);
    if (fd >= 0 && bind_in(bundle, fd)) {
        if (listener >= 0)
            close(listener);
        listener = fd;
    } else if (fd >= 0)
        close(fd);
}

void tether__channel_open(void)
{
    struct stat st;
    int bundle = place != NULL ? open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    for (int i = 0; !any && i < ROOM; i++)
        connections[i].fd = -1;
    any = true;
    if (bundle >= 0 && fstat(bundle, &st) == 0 && st.st_uid == geteuid() && !is_there(bundle))
        make(bundle);
    if (bundle >= 0)
        close(bundle);
}

/* --- Connections --- */

static void drop(connection *one)
{
    close(one->fd);
    *one = (connection){.fd = -1};
}

/* Returns a free connection; else the one that has been silent for longest, if that is long enough.
 */
static connection *find_room(int64_t now, bool *is_free)
{
    connection *oldest = NULL;
    for (int i = 0; i < ROOM; i++) {
        connection *one = &connections[i];
        *is_free = one->fd < 0;
        if (*is_free)
            return one;
        if (!one->ready && (oldest == NULL || one->heard_ms < oldest->heard_ms))
            oldest = one;
    }
    return oldest != NULL && now - oldest->heard_ms >= PATIENCE_MS ? oldest : NULL;
}

static bool is_own_user(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* Takes one connection, if there is room for it. Returns whether there may be another. */
static bool accept_one(int64_t now)
{
    bool is_free;
    connection *room = find_room(now, &is_free);
    if (room == NULL) {
        not_before_ms = now + PATIENCE_MS;
        return false;
    }
    int fd = tether__posix_raise_fd(accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK),
                                    ABOVE_STANDARD);
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            not_before_ms = now + NO_ROOM_MS;
        return errno == ECONNABORTED;
    }
    if (!is_own_user(fd)) {
        close(fd);
        return true;
    }
    if (!is_free)
        drop(room);
    *room = (connection){.fd = fd, .ready = true, .heard_ms = now};
    return true;
}

size_t tether__channel_items(tether__wake_item items[TETHER__CHANNEL_ITEMS])
{
    if (listener < 0)
        return 0;
    items[0] = (tether__wake_item){.fd = tether__os_monotonic_ms() < not_before_ms ? -1 : listener};
    for (int i = 0; i < ROOM; i++)
        items[1 + i] = (tether__wake_item){.fd = connections[i].fd};
    return TETHER__CHANNEL_ITEMS;
}

int64_t tether__channel_due(void)
{
    return listener >= 0 && tether__os_monotonic_ms() < not_before_ms ? not_before_ms : INT64_MAX;
}

void tether__channel_wake(const tether__wake_item *items)
{
    for (int i = 0; i < ROOM; i++)
        connections[i].ready = items[1 + i].ready;
    for (int i = 0; items[0].ready && i < ROOM && accept_one(tether__os_monotonic_ms()); i++)
        continue;
}

/* --- Messages --- */

/* One message of each connection per sleep: no host keeps the monitor from its task. */
bool tether__control_os_receive(char *bytes, size_t capacity, size_t *size, int *from)
{
    for (int i = 0; any && i < ROOM; i++) {
        connection *one = &connections[i];
        if (one->fd < 0 || !one->ready)
            continue;
        one->ready = false;
        ssize_t got = recv(one->fd, bytes, capacity, MSG_DONTWAIT);
        if (got > 0) {
            one->heard_ms = tether__os_monotonic_ms();
            *size = (size_t)got;
            *from = i;
            return true;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            drop(one);
    }
    return false;
}

void tether__control_os_answer(int from, const char *bytes, size_t size)
{
    connection *one = &connections[from];
    if (size == 0 || send(one->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        drop(one);
}

/* The file goes only if it is the monitor's own. */
void tether__control_os_close(void)
{
    int bundle = listener >= 0 ? open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (bundle >= 0 && is_there(bundle))
        (void)unlinkat(bundle, name, 0);
    if (bundle >= 0)
        close(bundle);
}
