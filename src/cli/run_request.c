/* Owns the memory of a request.
 * Must not: know where its parts come from.
 * Thread: the main one. */
#include "cli/run_request.h"

#include <stdlib.h>

void run_request_dispose(run_request *request)
{
    for (size_t i = 0; i < request->text_count; i++)
        free(request->texts[i]);
    free(request->texts);
    free((void *)request->env_set);
    free((void *)request->env_unset);
}
