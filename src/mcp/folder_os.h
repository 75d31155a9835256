/* Seam: directories by their one true name. Implemented in posix/mcp/folder_os.c and
 * win32/mcp/folder_os.c. */
#ifndef TETHER_MCP_FOLDER_OS_H
#define TETHER_MCP_FOLDER_OS_H

#include <stdbool.h>

/* Returns the path of a directory without symbolic links, "." and ".."; NULL: there is none, or it
 * cannot be entered. "." is that of this process. The caller frees it with free(). */
char *folder_os_resolve(const char *path);

/* Whether a resolved path is a resolved directory, or lies below it. */
bool folder_os_is_in(const char *path, const char *directory);

/* Whether two names mean the same variable of the environment. */
bool folder_os_same_variable(const char *left, const char *right);

#endif
