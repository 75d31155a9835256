/* Hosts with a kept watch are killed: no match is lost. */
#include "support/support.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { HITS = 3000, HIT_BYTES = 4, KILLS = 12 };

/* The memory that all hosts share. */
typedef struct board {
    atomic_int delivered[HITS]; /* how often each line was */
    atomic_int total;
    atomic_bool over;
    char id[TETHER_ID_SIZE];
    bool first;  /* this host starts the task */
    bool doomed; /* this host waits to be killed */
} board;

static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    board *b = userdata;
    (void)registry;
    if (event->kind == TETHER_EVENT_MATCH && event->match->offset / HIT_BYTES < HITS) {
        atomic_fetch_add(&b->delivered[event->match->offset / HIT_BYTES], 1);
        atomic_fetch_add(&b->total, 1);
    } else if (event->kind == TETHER_EVENT_WATCH_END) {
        atomic_store(&b->over, true);
    }
}

/* Receives matches until it is killed or the watch ends. */
static void receive_matches(fixture *f, void *userdata)
{
    board *b = userdata;
    tether_error error = {0};
    tether_registry *registry;
    int number;
    char command[128];
    const tether_open_options options = {.store = f->store,
                                         .reaper = test_reaper_mode(),
                                         .on_event = on_event,
                                         .userdata = b,
                                         .no_gc = 1};
    HOST_OK(tether_open(&options, &registry, &error), error);
    if (b->first) {
        snprintf(command, sizeof command, "i=0; while [ $i -lt %d ]; do echo hit; i=$((i+1)); done",
                 HITS);
        const tether_spec task = {.command = command};
        const tether_watch_spec watch = {.pattern = "hit"};
        HOST_OK(tether_spawn(registry, &task, b->id, &error), error);
        HOST_OK(tether_watch_add(registry, b->id, &watch, &number, &error), error);
    }
    while (b->doomed || !atomic_load(&b->over))
        test_pause();
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

static void killed_hosts_lose_no_match(void **state)
{
    fixture *f = *state;
    board *b = test_shared(sizeof *b);
    f->hosts_died = true;
    b->first = true;
    b->doomed = true;
    for (int i = 0; i < KILLS && !atomic_load(&b->over); i++) {
        int before = atomic_load(&b->total);
        long host = test_fork_host(receive_matches, f, b);
        WAIT_UNTIL(atomic_load(&b->over) || atomic_load(&b->total) > before);
        test_nap_us((i % 4) * 700);
        test_kill_host(host);
        b->first = false;
    }
    b->doomed = false;
    if (!atomic_load(&b->over))
        assert_int_equal(test_join_host(test_fork_host(receive_matches, f, b)), 0);
    for (int i = 0; i < HITS; i++)
        assert_true(atomic_load(&b->delivered[i]) >= 1);
    test_unshare(b, sizeof *b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed_hosts_lose_no_match, test_setup, test_teardown),
    };
    return cmocka_run_group_tests_name("watch_hosts", tests, NULL, NULL);
}
