/* Owns the true names of directories on POSIX systems.
 * Must not: change anything.
 * Thread: any. */
#include "mcp/folder_os.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *folder_os_resolve(const char *path)
{
    struct stat st;
    char *resolved = realpath(path, NULL);
    if (resolved != NULL && stat(resolved, &st) == 0 && S_ISDIR(st.st_mode))
        return resolved;
    free(resolved);
    return NULL;
}

bool folder_os_is_in(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    while (length > 0 && directory[length - 1] == '/')
        length--;
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

bool folder_os_same_variable(const char *left, const char *right)
{
    return strcmp(left, right) == 0;
}
