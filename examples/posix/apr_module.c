/* What a module of Apache httpd would write, in a program that plays the server on APR alone:
 *
 *     apr_module STORE COMMAND
 *
 * A request starts a task; its pool ends, and the child process of the server is replaced. A
 * request to the next one finds the task by its id and answers with its output. In httpd the three
 * functions below are the hook child_init and two handlers, with the pools pchild and r->pool. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>

#include "tether.h"
#include "tether/apr.h"

/* In child_init, and not in post_config: threads and locks of a registry do not survive a fork. */
static tether_apr_host *child_init(apr_pool_t *pchild, const char *store)
{
    tether_error error = {0};
    tether_apr_host *host;
    const tether_open_options options = {
        .size = sizeof options, .store = store, .session = "httpd"};
    /* The pool closes it, and the tasks go on. */
    if (tether_apr_open(&host, &options, TETHER_DETACH, pchild, &error) != APR_SUCCESS)
        fprintf(stderr, "apr_module: %s\n", error.message);
    return host;
}

/* Starts a task and answers with its id. */
static const char *handle_start(tether_apr_host *host, const char *command, apr_pool_t *answer,
                                apr_pool_t *request)
{
    tether_apr_procattr *attr;
    apr_proc_t proc;
    const char *args[] = {command, NULL};
    char text[256];
    apr_status_t status = tether_apr_procattr_create(&attr, host, request);
    if (status == APR_SUCCESS)
        status = tether_apr_procattr_cmdtype_set(attr, APR_SHELLCMD_ENV);
    if (status == APR_SUCCESS) {
        tether_apr_procattr_spec(attr)->name = "started by a request";
        tether_apr_procattr_spec(attr)->timeout_ms =
            tether_apr_timeout_ms(apr_time_from_sec(60 * 60));
        status = tether_apr_proc_create(&proc, args[0], args, NULL, attr, request);
    }
    if (status == APR_SUCCESS)
        return apr_pstrdup(answer, tether_apr_procattr_task_id(attr));
    fprintf(stderr, "apr_module: %s\n", tether_apr_strerror(status, text, sizeof text));
    return NULL;
}

/* Waits for a task, not longer than a request may take, and answers with its output. */
static int handle_result(tether_apr_host *host, const char *id, apr_pool_t *request)
{
    tether_error error = {0};
    int code;
    apr_exit_why_e why;
    apr_file_t *file;
    char line[256];
    apr_status_t status =
        tether_apr_task_wait(host, id, &code, &why, apr_time_from_sec(30), &error);
    if (status == APR_CHILD_NOTDONE) {
        puts("202 it still runs");
        return 0;
    }
    if (status != APR_CHILD_DONE ||
        tether_apr_output_open(&file, host, id, TETHER_STDOUT, request, &error) != APR_SUCCESS) {
        fprintf(stderr, "apr_module: %s\n", error.message);
        return 1;
    }
    printf("200 %s %d\n", why == APR_PROC_EXIT ? "exit code" : "signal", code);
    while (apr_file_gets(line, sizeof line, file) == APR_SUCCESS)
        fputs(line, stdout);
    return 0;
}

int main(int argc, const char *const *argv, const char *const *environment)
{
    if (apr_app_initialize(&argc, &argv, &environment) != APR_SUCCESS)
        return 1;
    if (argc != 3) {
        fprintf(stderr, "usage: apr_module STORE COMMAND\n");
        return 2;
    }
    apr_pool_t *pconf, *pchild, *request;
    apr_pool_create(&pconf, NULL);

    /* A child process of the server, and a request to it. */
    apr_pool_create(&pchild, pconf);
    apr_pool_create(&request, pchild);
    tether_apr_host *host = child_init(pchild, argv[1]);
    const char *id = host != NULL ? handle_start(host, argv[2], pconf, request) : NULL;
    apr_pool_destroy(request);
    apr_pool_destroy(pchild);

    /* The next one. */
    apr_pool_create(&pchild, pconf);
    apr_pool_create(&request, pchild);
    host = id != NULL ? child_init(pchild, argv[1]) : NULL;
    int result = host != NULL ? handle_result(host, id, request) : 1;
    apr_pool_destroy(pconf);
    apr_terminate();
    return result;
}
