#include <stdio.h>
#include <string.h>

#include <tether.h>

int main(int argc, char **argv)
{
    tether_error error = {0};
    tether_registry *registry = NULL;
    tether_snapshot *snapshot = NULL;
    tether_open_options options = {.store = argc > 1 ? argv[1] : NULL};
    tether_spec spec = {.command = "exit 3"};
    char id[TETHER_ID_SIZE];
    const char *ids[] = {id};

    if (strcmp(tether_version(), TETHER_VERSION) != 0) {
        fprintf(stderr, "header %s, library %s\n", TETHER_VERSION, tether_version());
        return 1;
    }
    if (tether_open(&options, &registry, &error) || tether_spawn(registry, &spec, id, &error) ||
        tether_wait(registry, ids, 1, TETHER_WAIT_ALL, 30000, NULL, &error) ||
        tether_status_get(registry, id, &snapshot, &error)) {
        fprintf(stderr, "%s: %s\n", tether_error_name(error.code), error.message);
        return 1;
    }
    printf("tether %s: exit code %d\n", tether_version(), (int)snapshot->exit_code);
    int right = snapshot->exit_code == 3;
    tether_snapshot_free(snapshot);
    return tether_close(registry, TETHER_DETACH, NULL) == 0 && right ? 0 : 1;
}
