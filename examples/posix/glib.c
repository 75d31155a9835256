/* A registry as a source of GLib's main loop, as in a GTK program: runs one command and prints its
 * output when it has ended.
 *
 *     glib STORE COMMAND */
#include <glib-unix.h>
#include <stdio.h>

#include "tether.h"

/* A GSource with the time of the registry's next turn. */
typedef struct tether_source {
    GSource source;
    tether_registry *registry;
} tether_source;

/* GLib calls this when the descriptor is readable or the ready time has come. */
static gboolean dispatch(GSource *source, GSourceFunc ignored, gpointer userdata)
{
    int64_t next_ms;
    (void)ignored, (void)userdata;
    if (tether_dispatch(((tether_source *)source)->registry, &next_ms, NULL) != TETHER_OK)
        return G_SOURCE_REMOVE;
    g_source_set_ready_time(source, next_ms < 0 ? -1 : g_get_monotonic_time() + next_ms * 1000);
    return G_SOURCE_CONTINUE;
}

static GSource *add_source(tether_registry *registry)
{
    static GSourceFuncs functions = {.dispatch = dispatch};
    intptr_t pollable = -1;
    GSource *source = g_source_new(&functions, sizeof(tether_source));
    ((tether_source *)source)->registry = registry;
    tether_pollable(registry, &pollable, NULL);
    g_source_add_unix_fd(source, (int)pollable, G_IO_IN);
    g_source_set_ready_time(source, 0);
    g_source_attach(source, NULL);
    return source;
}

static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    (void)registry;
    if (event->kind != TETHER_EVENT_COMPLETION)
        return;
    printf("%s: %s\n", tether_status_text(event->snapshot->status),
           event->snapshot->output_preview);
    g_main_loop_quit(userdata);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: glib STORE COMMAND\n");
        return 2;
    }

    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    char task_id[TETHER_ID_SIZE];
    tether_error error = {0};
    tether_registry *registry = NULL;
    const tether_open_options options = {.size = sizeof options,
                                         .store = argv[1],
                                         .dispatch = 1,
                                         .on_event = on_event,
                                         .userdata = loop};
    const tether_spec spec = {.size = sizeof spec, .command = argv[2]};
    if (tether_open(&options, &registry, &error) != TETHER_OK ||
        tether_spawn(registry, &spec, task_id, &error) != TETHER_OK) {
        fprintf(stderr, "glib: %s\n", error.message);
        tether_close(registry, TETHER_DETACH, NULL);
        return 1;
    }

    GSource *source = add_source(registry);
    g_main_loop_run(loop);
    g_source_destroy(source);
    g_source_unref(source);
    tether_close(registry, TETHER_DETACH, NULL);
    g_main_loop_unref(loop);
    return 0;
}
