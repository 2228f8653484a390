#pragma once
#include <signal.h>
#include <sys/types.h>

#define WNOHANG 0x01
#define WUNTRACED 0x02
#define WEXITED 0x04
#define WSTOPPED 0x08
#define WCONTINUED 0x10
#define WNOWAIT 0x20

/* Low seven bits: the signal that ended the process, 0 for none, 0177 when it goes on: stopped or, by 19, continued. */
#define WIFEXITED(status) (((status) & 0177) == 0)
#define WIFSIGNALED(status) (((status) & 0177) != 0 && ((status) & 0177) != 0177)
#define WIFSTOPPED(status) (((status) & 0177) == 0177 && WSTOPSIG(status) != SIGCONT)
#define WIFCONTINUED(status) (((status) & 0177) == 0177 && WSTOPSIG(status) == SIGCONT)
#define WEXITSTATUS(status) (((status) >> 8) & 0377)
#define WTERMSIG(status) ((status) & 0177)
#define WSTOPSIG(status) ((status) >> 8)

typedef enum { P_ALL, P_PID, P_PGID } idtype_t;

pid_t wait(int *status);
int waitid(idtype_t kind, id_t id, siginfo_t *into, int options);
pid_t waitpid(pid_t pid, int *status, int options);
