#pragma once
#include <sys/types.h>

int bcmp(const void *left, const void *right, size_t size);
void bcopy(const void *from, void *to, size_t size);
void bzero(void *memory, size_t size);
int ffs(int value);
int strcasecmp(const char *left, const char *right);
int strncasecmp(const char *left, const char *right, size_t size);
