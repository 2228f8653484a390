/* Stands in for a machine that cannot start /bin/sh. */
#include <errno.h>

int execl(const char *path, const char *argument, ...);

int execl(const char *path, const char *argument, ...) {
    (void)path;
    (void)argument;
    errno = ENOENT;
    return -1;
}
