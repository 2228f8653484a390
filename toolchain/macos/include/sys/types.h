/* Types of the macOS system interface, as wide as they are in libSystem for arm64 and x86_64. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef int64_t blkcnt_t;
typedef int32_t blksize_t;
typedef unsigned long clock_t;
typedef int32_t dev_t;
typedef uint32_t gid_t;
typedef uint32_t id_t;
typedef uint64_t ino_t;
typedef uint16_t mode_t;
typedef uint16_t nlink_t;
typedef int64_t off_t;
typedef int32_t pid_t;
typedef long ssize_t;
typedef int32_t suseconds_t;
typedef long time_t;
typedef uint32_t uid_t;
typedef uint32_t useconds_t;

struct timespec {
    time_t tv_sec;
    long tv_nsec;
};

/* Some functions kept their first, incompatible form under their plain name; these are the present ones. */
#if defined(__x86_64__)
#define SYMBOL_INODE64(name) __asm("_" #name "$INODE64")
#else
#define SYMBOL_INODE64(name)
#endif
#define SYMBOL_EXTENDED(name) __asm("_" #name "$DARWIN_EXTSN")
