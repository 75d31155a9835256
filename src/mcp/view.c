/* Owns the names of views.
 * Must not: read an output.
 * Thread: any. */
#include "mcp/view.h"

#include <string.h>

#include "mcp/arguments.h"
#include "mcp/failure.h"

int view_take(const json_t *arguments, tether_view *view, tether_error *error)
{
    static const struct {
        const char *name;
        tether_view view;
    } views[] = {
        {"both", TETHER_VIEW_BOTH}, {"stdout", TETHER_VIEW_STDOUT}, {"stderr", TETHER_VIEW_STDERR}};
    const char *name = NULL;
    int code = arguments_text(arguments, "stream", &name, error);
    if (code != TETHER_OK || name == NULL)
        return code;
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        if (strcmp(views[i].name, name) == 0) {
            *view = views[i].view;
            return TETHER_OK;
        }
    }
    return failure(error, TETHER_EINVAL, "read arguments",
                   "stream %.40s is unknown; give stdout, stderr or both", name);
}
