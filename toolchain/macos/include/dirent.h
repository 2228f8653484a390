#pragma once
#include <sys/types.h>

#define DT_UNKNOWN 0
#define DT_FIFO 1
#define DT_CHR 2
#define DT_DIR 4
#define DT_BLK 6
#define DT_REG 8
#define DT_LNK 10
#define DT_SOCK 12

typedef struct open_directory DIR;

struct dirent {
    ino_t d_ino;
    uint64_t d_seekoff;
    uint16_t d_reclen;
    uint16_t d_namlen;
    uint8_t d_type;
    char d_name[1024];
};

DIR *opendir(const char *path) SYMBOL_INODE64(opendir);
struct dirent *readdir(DIR *directory) SYMBOL_INODE64(readdir);
void rewinddir(DIR *directory) SYMBOL_INODE64(rewinddir);
int closedir(DIR *directory);
int dirfd(DIR *directory);
