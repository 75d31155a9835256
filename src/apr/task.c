/* Owns waiting for a task as for a process of APR, and the file with its output.
 * Must not: make up an exit code.
 * Thread: any. */
#include <string.h>

#include "apr/host.h"
#include "tether/apr.h"

static apr_status_t tell_end(const tether_snapshot *snapshot, int *exitcode,
                             apr_exit_why_e *exitwhy, tether_error *error)
{
    if (snapshot->signal != 0) {
        *exitcode = snapshot->signal;
        *exitwhy = APR_PROC_SIGNAL;
        return APR_CHILD_DONE;
    }
    if (snapshot->exit_code != TETHER_EXIT_UNKNOWN) {
        *exitcode = (int)snapshot->exit_code;
        *exitwhy = APR_PROC_EXIT;
        return APR_CHILD_DONE;
    }
    (void)tether__apr_fail(error, TETHER_ESYSTEM, "find exit code",
                           snapshot->reason != NULL ? snapshot->reason
                                                    : "it is not known how the task ended");
    return APR_EGENERAL;
}

apr_status_t tether_apr_task_wait(tether_apr_host *host, const char *task_id, int *exitcode,
                                  apr_exit_why_e *exitwhy, apr_interval_time_t timeout,
                                  tether_error *error)
{
    tether_error own = {0};
    int no_code;
    apr_exit_why_e no_why;
    error = error != NULL ? error : &own;
    exitcode = exitcode != NULL ? exitcode : &no_code;
    exitwhy = exitwhy != NULL ? exitwhy : &no_why;
    *exitcode = -1;
    memset(exitwhy, 0, sizeof *exitwhy);

    apr_status_t status = APR_SUCCESS;
    tether_registry *registry = tether__apr_enter(host, NULL, "wait for task", &status, error);
    if (registry == NULL)
        return status;
    int code = tether_wait(registry, &task_id, 1, TETHER_WAIT_ALL, tether_apr_timeout_ms(timeout),
                           NULL, error);
    if (code == TETHER_ETIMEDOUT)
        return APR_CHILD_NOTDONE;
    tether_snapshot *snapshot = NULL;
    if (code == TETHER_OK)
        code = tether_status_get(registry, task_id, &snapshot, error);
    status =
        code == TETHER_OK ? tell_end(snapshot, exitcode, exitwhy, error) : tether_apr_status(error);
    tether_snapshot_free(snapshot);
    return status;
}

apr_status_t tether_apr_output_open(apr_file_t **file, tether_apr_host *host, const char *task_id,
                                    tether_stream stream, apr_pool_t *pool, tether_error *error)
{
    static const char step[] = "open output";
    tether_error own = {0};
    apr_status_t status = APR_SUCCESS;
    tether_snapshot *snapshot;
    *file = NULL;
    error = error != NULL ? error : &own;
    tether_registry *registry = tether__apr_enter(host, NULL, step, &status, error);
    if (registry == NULL)
        return status;
    if (tether_status_get(registry, task_id, &snapshot, error) != TETHER_OK)
        return tether_apr_status(error);
    const char *path = stream == TETHER_STDERR ? snapshot->stderr_path : snapshot->output_path;
    if (path == NULL || (stream != TETHER_STDOUT && stream != TETHER_STDERR)) {
        status = tether__apr_fail(error, TETHER_EINVAL, step, "the task has no such stream");
    } else {
        status = apr_file_open(file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT,
                               pool);
        if (status != APR_SUCCESS)
            (void)tether__apr_fail_apr(error, status, step);
    }
    tether_snapshot_free(snapshot);
    return status;
}
