/* APR and its pools in the tests: a fixture whose registries belong to pools. */
#ifndef TETHER_TEST_APR_HOST_H
#define TETHER_TEST_APR_HOST_H

#include "support/support.h"
#include "tether/apr.h"

typedef struct apr_fixture {
    fixture base;
    apr_pool_t *pool; /* of the test; the teardown destroys it */
    tether_apr_host *host;
} apr_fixture;

/* Fails with the text of the status if it is not the expected one. */
#define ASSERT_STATUS(expected, call) apr_expect((expected), (call), __FILE__, __LINE__, #call)
void apr_expect(apr_status_t expected, apr_status_t status, const char *file, int line,
                const char *what);

/* A fixture with a pool, and for apr_setup_host with a registry in it that is detached. */
int apr_setup(void **state);
int apr_setup_host(void **state);
int apr_teardown(void **state);

/* Opens a registry of the fixture's store in a pool. */
tether_apr_host *apr_open(apr_fixture *f, apr_pool_t *pool, tether_close_mode mode);

/* A pool below another one. */
apr_pool_t *apr_below(apr_pool_t *parent);

/* Starts a task from a shell command in a host's session. */
void apr_run(tether_apr_host *host, const char *command, char id[TETHER_ID_SIZE]);

/* The status of a task as another registry sees it. */
tether_status apr_seen_status(apr_fixture *f, const char *id);

#endif
