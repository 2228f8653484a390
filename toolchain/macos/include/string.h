#pragma once
#include <strings.h>
#include <sys/types.h>

void *memchr(const void *memory, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);
void *memcpy(void *to, const void *from, size_t size);
void *memmem(const void *memory, size_t size, const void *wanted, size_t wanted_size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *memory, int byte, size_t size);
int memset_s(void *memory, size_t room, int byte, size_t size);
char *stpcpy(char *to, const char *from);
char *strcat(char *to, const char *from);
char *strchr(const char *text, int c);
int strcmp(const char *left, const char *right);
char *strcpy(char *to, const char *from);
size_t strcspn(const char *text, const char *stop);
char *strdup(const char *text);
char *strerror(int number);
int strerror_r(int number, char *into, size_t size);
size_t strlcat(char *to, const char *from, size_t room);
size_t strlcpy(char *to, const char *from, size_t room);
size_t strlen(const char *text);
char *strncat(char *to, const char *from, size_t size);
int strncmp(const char *left, const char *right, size_t size);
char *strncpy(char *to, const char *from, size_t size);
char *strndup(const char *text, size_t size);
size_t strnlen(const char *text, size_t room);
char *strpbrk(const char *text, const char *wanted);
char *strrchr(const char *text, int c);
char *strsep(char **rest, const char *delimiters);
char *strsignal(int number);
size_t strspn(const char *text, const char *wanted);
char *strstr(const char *text, const char *wanted);
char *strtok(char *text, const char *delimiters);
char *strtok_r(char *text, const char *delimiters, char **state);
