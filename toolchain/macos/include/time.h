#pragma once
#include <sys/types.h>

#define CLOCKS_PER_SEC 1000000
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_MONOTONIC 6
#define CLOCK_PROCESS_CPUTIME_ID 12

typedef unsigned int clockid_t;

struct tm {
    int tm_sec;
    int tm_min;
    int tm_hour;
    int tm_mday;
    int tm_mon;
    int tm_year;
    int tm_wday;
    int tm_yday;
    int tm_isdst;
    long tm_gmtoff;
    char *tm_zone;
};

char *asctime(const struct tm *time);
clock_t clock(void);
int clock_gettime(clockid_t clock, struct timespec *into);
char *ctime(const time_t *time);
double difftime(time_t later, time_t earlier);
struct tm *gmtime(const time_t *time);
struct tm *gmtime_r(const time_t *time, struct tm *into);
struct tm *localtime(const time_t *time);
struct tm *localtime_r(const time_t *time, struct tm *into);
time_t mktime(struct tm *time);
int nanosleep(const struct timespec *duration, struct timespec *remaining);
size_t strftime(char *into, size_t size, const char *format, const struct tm *time);
time_t time(time_t *into);
