/* The compiler knows the limits of its types; these are the system's. */
#pragma once
#include_next <limits.h>

#define ARG_MAX 1048576
#define NAME_MAX 255
#define PATH_MAX 1024
#define PIPE_BUF 512
#define SSIZE_MAX LONG_MAX
