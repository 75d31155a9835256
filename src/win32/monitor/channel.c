/* Owns the named pipe of the control channel, the file `control` in the bundle with its name, and
 * the connections of hosts.
 * Must not: wait for a host, let another user in, or leave the file behind.
 * Thread: the only one. */
#include "win32/monitor/channel.h"

#include <stdlib.h>
#include <string.h>

#include "format/control.h"
#include "monitor/control_os.h"
#include "os/clock.h"
#include "win32/pipe.h"
#include "win32/text.h"

/* A command that ends soon is spared the channel: nobody would have used it. */
enum {
    ROOM = TETHER__CHANNEL_ITEMS,
    FIRST_TRY_MS = 20,
    LONGEST_PAUSE_MS = 64000, /* between attempts to make the channel */
    PATIENCE_MS = 1000,       /* with a silent host, when all connections are used */
    NO_ROOM_MS = 1000,        /* without the means for a connection, until the next attempt */
    MESSAGE_SIZE = TETHER__CONTROL_LIMIT + 1,
    ANSWERS_SIZE = 4096
};

typedef enum phase { IDLE, LISTENS, OPEN } phase;

typedef struct connection {
    HANDLE pipe; /* NULL: not made yet */
    phase phase;
    OVERLAPPED io;    /* the connect while it listens, a read while it is open */
    bool reads;       /* a read was begun, and not taken note of */
    char *bytes;      /* for a message */
    bool ready;       /* the read has ended */
    int64_t heard_ms; /* when its last message came, or it did */
} connection;

static wchar_t *file; /* the path of `control`; NULL: there is to be no channel */
static char key[TETHER__WIN32_PIPE_KEY_SIZE];
static bool made;
static int64_t due_ms; /* the next attempt: to make the channel, then to listen */
static int64_t pause_ms = 2 * FIRST_TRY_MS;
static connection connections[ROOM];
static HANDLE answered; /* signalled when an answer is on its way */

void tether__control_os_place(const char *bundle)
{
    wchar_t *folder = NULL;
    if (bundle != NULL && tether__win32_path(bundle, &folder, "make channel", NULL) == TETHER_OK)
        file = tether__win32_join(folder, L"control");
    free(folder);
    due_ms = tether__os_monotonic_ms() + FIRST_TRY_MS;
}

/* --- Connections --- */

/* Ends what is under way, so that its memory can be used again. The handle stays: while there is
 * one, no other process can take the name. */
static void drop(connection *one)
{
    DWORD size;
    if (one->reads && !HasOverlappedIoCompleted(&one->io)) {
        CancelIoEx(one->pipe, &one->io);
        GetOverlappedResult(one->pipe, &one->io, &size, TRUE);
    }
    DisconnectNamedPipe(one->pipe);
    free(one->bytes);
    one->bytes = NULL;
    one->reads = one->ready = false;
    one->phase = IDLE;
}

/* A read that fails at once is not under way, whatever its state says; so fails that of a message
 * that is too long. */
static void begin_read(connection *one)
{
    if (one->bytes == NULL)
        one->bytes = malloc(MESSAGE_SIZE);
    one->reads =
        one->bytes != NULL && (ReadFile(one->pipe, one->bytes, MESSAGE_SIZE, NULL, &one->io) ||
                               GetLastError() == ERROR_IO_PENDING);
    if (!one->reads)
        drop(one);
}

static void accept_host(connection *one)
{
    one->phase = OPEN;
    one->heard_ms = tether__os_monotonic_ms();
    begin_read(one);
}

static DWORD make_instance(connection *one, DWORD open)
{
    const tether__win32_pipe_form form = {
        .open = open | PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
        .mode = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE,
        .instances = ROOM,
        .out_size = ANSWERS_SIZE,
        .in_size = TETHER__CONTROL_LIMIT,
    };
    if (one->io.hEvent == NULL)
        one->io.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    return one->io.hEvent == NULL ? GetLastError()
                                  : tether__win32_pipe_create(key, &form, &one->pipe);
}

/* Waits for a host. One that came at once may be gone again already, and has left a message. */
static bool listen_for_host(connection *one)
{
    if (one->pipe == NULL && make_instance(one, 0) != ERROR_SUCCESS)
        return false;
    DWORD os_error = ConnectNamedPipe(one->pipe, &one->io) ? ERROR_PIPE_CONNECTED : GetLastError();
    if (os_error == ERROR_IO_PENDING)
        one->phase = LISTENS;
    else if (os_error == ERROR_PIPE_CONNECTED || os_error == ERROR_NO_DATA)
        accept_host(one);
    else
        return false;
    return true;
}

/* Returns an idle connection; else the one that has been silent for longest. */
static connection *find_room(void)
{
    connection *oldest = NULL;
    for (int i = 0; i < ROOM; i++) {
        connection *one = &connections[i];
        if (one->phase == IDLE)
            return one;
        if (!one->ready && (oldest == NULL || one->heard_ms < oldest->heard_ms))
            oldest = one;
    }
    return oldest;
}

static bool any_listens(void)
{
    for (int i = 0; i < ROOM; i++) {
        if (connections[i].phase == LISTENS)
            return true;
    }
    return false;
}

static void keep_listening(int64_t now)
{
    due_ms = INT64_MAX;
    if (any_listens())
        return;
    connection *room = find_room();
    if (room == NULL || (room->phase == OPEN && now - room->heard_ms < PATIENCE_MS)) {
        due_ms = room != NULL ? room->heard_ms + PATIENCE_MS : now;
        return;
    }
    if (room->phase == OPEN)
        drop(room);
    if (!listen_for_host(room))
        due_ms = now + NO_ROOM_MS;
    else if (!any_listens())
        due_ms = now;
}

/* --- The channel --- */

/* Nothing else has this name, so a file or link is a mistake, and goes; a directory stays. */
static DWORD write_file(void)
{
    char line[TETHER__WIN32_PIPE_KEY_SIZE];
    DWORD size;
    memcpy(line, key, sizeof line);
    line[sizeof line - 1] = '\n';
    (void)DeleteFileW(file);
    HANDLE handle = CreateFileW(file, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL,
                                CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        return GetLastError();
    DWORD os_error =
        WriteFile(handle, line, sizeof line, &size, NULL) ? ERROR_SUCCESS : GetLastError();
    CloseHandle(handle);
    return os_error;
}

/* The pipe is there before hosts can read its name. */
static void make(void)
{
    DWORD os_error = ERROR_SUCCESS;
    connection *first = &connections[0];
    if (answered == NULL)
        answered = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (first->pipe == NULL) {
        os_error = tether__win32_pipe_key(key);
        if (os_error == ERROR_SUCCESS)
            os_error = make_instance(first, FILE_FLAG_FIRST_PIPE_INSTANCE);
    }
    if (os_error == ERROR_SUCCESS && answered != NULL)
        os_error = write_file();
    made = os_error == ERROR_SUCCESS && answered != NULL;
    due_ms = os_error == ERROR_PATH_NOT_FOUND ? INT64_MAX : tether__os_monotonic_ms() + pause_ms;
    pause_ms = pause_ms < LONGEST_PAUSE_MS ? 2 * pause_ms : LONGEST_PAUSE_MS;
}

size_t tether__channel_items(HANDLE items[TETHER__CHANNEL_ITEMS])
{
    size_t count = 0;
    for (int i = 0; i < ROOM; i++) {
        if (connections[i].phase != IDLE)
            items[count++] = connections[i].io.hEvent;
    }
    return count;
}

/* Once the command has ended, hosts have nothing to ask for, and the bundle may be about to go. */
int64_t tether__channel_prepare(bool running)
{
    if (made)
        keep_listening(tether__os_monotonic_ms());
    return file != NULL && (made || running) ? due_ms : INT64_MAX;
}

void tether__channel_look(bool running)
{
    for (int i = 0; i < ROOM; i++) {
        connection *one = &connections[i];
        bool done = one->phase != IDLE && HasOverlappedIoCompleted(&one->io);
        if (done && one->phase == LISTENS)
            accept_host(one);
        else if (done)
            one->ready = true;
    }
    if (!made && file != NULL && running && tether__os_monotonic_ms() >= due_ms)
        make();
}

/* --- Messages --- */

/* One message of each connection per sleep: no host keeps the monitor from its task. */
bool tether__control_os_receive(char *bytes, size_t capacity, size_t *size, int *from)
{
    for (int i = 0; i < ROOM; i++) {
        connection *one = &connections[i];
        DWORD got = 0;
        if (!one->ready)
            continue;
        one->reads = one->ready = false;
        bool whole = GetOverlappedResult(one->pipe, &one->io, &got, FALSE);
        if (!whole && GetLastError() != ERROR_MORE_DATA) {
            drop(one);
            continue;
        }
        one->heard_ms = tether__os_monotonic_ms();
        *size = whole && got < capacity ? got : capacity;
        memcpy(bytes, one->bytes, *size);
        *from = i;
        return true;
    }
    return false;
}

/* The pipe has room for an answer, unless the host leaves answers unread. */
static bool send_answer(connection *one, const char *bytes, size_t size)
{
    OVERLAPPED io = {.hEvent = answered};
    DWORD written;
    if (WriteFile(one->pipe, bytes, (DWORD)size, NULL, &io))
        return true;
    if (GetLastError() != ERROR_IO_PENDING)
        return false;
    if (!HasOverlappedIoCompleted(&io))
        CancelIoEx(one->pipe, &io);
    return GetOverlappedResult(one->pipe, &io, &written, TRUE) != FALSE;
}

void tether__control_os_answer(int from, const char *bytes, size_t size)
{
    connection *one = &connections[from];
    if (size > 0 && send_answer(one, bytes, size))
        begin_read(one);
    else
        drop(one);
}

/* Whether the file has the monitor's own name. */
static bool is_own_file(void)
{
    char text[TETHER__WIN32_PIPE_KEY_SIZE];
    DWORD size = 0;
    HANDLE handle =
        CreateFileW(file, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        return false;
    bool own = ReadFile(handle, text, sizeof text, &size, NULL) && size == sizeof text &&
               memcmp(text, key, sizeof text - 1) == 0;
    CloseHandle(handle);
    return own;
}

void tether__control_os_close(void)
{
    if (made && is_own_file())
        (void)DeleteFileW(file);
}
