/* Owns what the contract tests of Windows set up.
 * Must not: know which seam is tested.
 * Thread: the test's. */
#include "win32/running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "win32/process.h"

void supervisor_make_id(char id[64])
{
    static int count;
    snprintf(id, 64, "test-%lu-%d", (unsigned long)GetCurrentProcessId(), ++count);
}

void supervisor_prepare(place *p, supervisor *s, const char *suffix)
{
    static const char *const names[] = {"lifeline", "out", "err"};
    static char root[64];
    memset(s, 0, sizeof *s);
    supervisor_make_id(s->task_id);
    for (size_t i = 0; i < 3; i++)
        snprintf(s->names[i], sizeof s->names[i], "%s%s", names[i], suffix);
    ASSERT_OK(tether__os_lifeline_create(p->dir, s->names[0], &s->lifeline, &p->error), p->error);
    s->argv[0] = "child";
    /* Some programs do not start without it. */
    snprintf(root, sizeof root, "SystemRoot=%s", getenv("SystemRoot"));
    s->envp[0] = root;
    s->start = (tether__start){
        .task_id = s->task_id,
        .program = CHILD,
        .argv = s->argv,
        .envp = s->envp,
        .workdir = p->path,
        .bundle = p->dir,
        .stdout_name = s->names[1],
        .stderr_name = s->names[2],
        .exits = p->dir,
        .lifeline = &s->lifeline,
    };
}

HANDLE supervisor_start(place *p, supervisor *s, const char *const *verbs)
{
    tether__started started;
    for (int i = 0; verbs[i] != NULL; i++)
        s->argv[i + 1] = verbs[i];
    ASSERT_OK(tether__os_spawn(&s->start, &started, &p->error), p->error);
    tether__os_lifeline_close(&s->lifeline);
    HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_INFORMATION | PROCESS_TERMINATE, FALSE,
                                 (DWORD)started.pid);
    assert_non_null(process);
    return process;
}

tether__identity identity_of(HANDLE process)
{
    tether__identity identity = {.pid = (int64_t)GetProcessId(process),
                                 .start_time = tether__win32_start_time(process)};
    tether__os_boot_id(identity.boot_id);
    return identity;
}

bool lifeline_is_held(const place *p, const char *name)
{
    bool held;
    tether_error error = {0};
    ASSERT_OK(tether__os_lifeline_held(p->dir, name, &held, &error), error);
    return held;
}

void make_directory(place *p, const char *name)
{
    tether__dir *made;
    ASSERT_OK(tether__os_dir_open(p->dir, name, true, &made, &p->error), p->error);
    tether__os_dir_close(made);
}
