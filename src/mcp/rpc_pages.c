/* Owns the pages of long lists: their cursors, which are places in the list.
 * Must not: describe a task.
 * Thread: the main one. */
#include "mcp/rpc_pages.h"

#include <stdio.h>
#include <string.h>

enum { CURSOR_SIZE = 24, DIGITS_MOST = 9 };

static bool read_cursor(const char *text, size_t *place)
{
    size_t digits = strspn(text, "0123456789");
    *place = 0;
    if (digits == 0 || digits > DIGITS_MOST || text[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        *place = *place * 10 + (size_t)(text[i] - '0');
    return true;
}

bool rpc_page_open(const rpc_request *request, size_t most, rpc_page *page)
{
    const tether_list_options options = {
        .size = sizeof options, .scope = TETHER_LIST_ALL, .without_output = true};
    json_t *cursor = json_object_get(request->params, "cursor");
    const char *text = rpc_param(request, "cursor");
    tether_error error = {0};
    mcp_host *host;
    *page = (rpc_page){.first = 0};
    if (cursor != NULL && (text == NULL || !read_cursor(text, &page->first))) {
        rpc_error(request, RPC_PARAMS, "the cursor is none that a list has given; begin without");
        return false;
    }
    int code = hosts_get(&request->calls->hosts, NULL, &host, &error);
    if (code == TETHER_OK)
        code = tether_list_in(host->registry, &options, &page->list, &error);
    if (code != TETHER_OK) {
        rpc_fail(request, RPC_INTERNAL, &error);
        return false;
    }
    /* Tasks may have been removed since the cursor was given. */
    if (page->first > page->list->count)
        page->first = page->list->count;
    size_t left = page->list->count - page->first;
    page->end = page->first + (left < most ? left : most);
    return true;
}

void rpc_page_close(rpc_page *page, json_t *result)
{
    char cursor[CURSOR_SIZE];
    snprintf(cursor, sizeof cursor, "%lu", (unsigned long)page->end);
    if (page->end < page->list->count)
        json_object_set_new(result, "nextCursor", json_string(cursor));
    tether_snapshot_list_free(page->list);
    page->list = NULL;
}
