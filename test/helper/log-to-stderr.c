/* Stands in for the system log. */
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

void syslog(int priority, const char *format, ...) {
    va_list values;
    dprintf(2, "<%d> ", priority);
    va_start(values, format);
    vdprintf(2, format, values);
    va_end(values);
    dprintf(2, "\n");
}
