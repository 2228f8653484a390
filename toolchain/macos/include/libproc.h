#pragma once
#include <stdint.h>

#define PROC_PIDPATHINFO_MAXSIZE 4096

int proc_name(int pid, void *buffer, uint32_t size);
int proc_pidpath(int pid, void *buffer, uint32_t size);
