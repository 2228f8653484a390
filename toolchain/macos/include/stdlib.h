#pragma once
#include <sys/types.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 0x7fffffff

_Noreturn void _Exit(int status);
_Noreturn void abort(void);
int abs(int value);
uint32_t arc4random(void);
void arc4random_buf(void *into, size_t size);
uint32_t arc4random_uniform(uint32_t bound);
int atexit(void (*function)(void));
double atof(const char *text);
int atoi(const char *text);
long atol(const char *text);
long long atoll(const char *text);
void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *));
void *calloc(size_t count, size_t size);
_Noreturn void exit(int status);
void free(void *memory);
char *getenv(const char *name);
const char *getprogname(void);
long labs(long value);
long long llabs(long long value);
void *malloc(size_t size);
char *mkdtemp(char *pattern);
int mkstemp(char *pattern);
int posix_memalign(void **memory, size_t alignment, size_t size);
int putenv(char *assignment);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
int rand(void);
void *realloc(void *memory, size_t size);
char *realpath(const char *path, char *into) SYMBOL_EXTENDED(realpath);
int setenv(const char *name, const char *value, int replace);
void setprogname(const char *name);
void srand(unsigned int seed);
double strtod(const char *text, char **end);
long strtol(const char *text, char **end, int base);
long long strtoll(const char *text, char **end, int base);
unsigned long strtoul(const char *text, char **end, int base);
unsigned long long strtoull(const char *text, char **end, int base);
int system(const char *command);
int unsetenv(const char *name);
