#pragma once
#include <stdarg.h>
#include <sys/types.h>

#define LOG_EMERG 0
#define LOG_ALERT 1
#define LOG_CRIT 2
#define LOG_ERR 3
#define LOG_WARNING 4
#define LOG_NOTICE 5
#define LOG_INFO 6
#define LOG_DEBUG 7

#define LOG_USER (1 << 3)
#define LOG_DAEMON (3 << 3)
#define LOG_AUTH (4 << 3)
#define LOG_AUTHPRIV (10 << 3)

#define LOG_PID 0x01
#define LOG_CONS 0x02
#define LOG_NDELAY 0x08

void closelog(void);
void openlog(const char *identity, int options, int facility);
void syslog(int priority, const char *format, ...) SYMBOL_EXTENDED(syslog)
    __attribute__((format(printf, 2, 3)));
void vsyslog(int priority, const char *format, va_list values) __attribute__((format(printf, 2, 0)));
