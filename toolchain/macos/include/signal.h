#pragma once
#include <sys/types.h>

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGEMT 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGBUS 10
#define SIGSEGV 11
#define SIGSYS 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGURG 16
#define SIGSTOP 17
#define SIGTSTP 18
#define SIGCONT 19
#define SIGCHLD 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGIO 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGINFO 29
#define SIGUSR1 30
#define SIGUSR2 31
#define NSIG 32

#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)
#define SIG_ERR ((void (*)(int))-1)
#define SIG_BLOCK 1
#define SIG_UNBLOCK 2
#define SIG_SETMASK 3

#define SA_ONSTACK 0x01
#define SA_RESTART 0x02
#define SA_RESETHAND 0x04
#define SA_NOCLDSTOP 0x08
#define SA_NODEFER 0x10
#define SA_NOCLDWAIT 0x20
#define SA_SIGINFO 0x40

typedef int sig_atomic_t;
typedef uint32_t sigset_t;

union sigval {
    int sival_int;
    void *sival_ptr;
};

typedef struct signal_information {
    int si_signo;
    int si_errno;
    int si_code;
    pid_t si_pid;
    uid_t si_uid;
    int si_status;
    void *si_addr;
    union sigval si_value;
    long si_band;
    unsigned long reserved[7];
} siginfo_t;

struct sigaction {
    union {
        void (*plain)(int number);
        void (*informed)(int number, siginfo_t *information, void *context);
    } handler;
    sigset_t sa_mask;
    int sa_flags;
};
#define sa_handler handler.plain
#define sa_sigaction handler.informed

int kill(pid_t pid, int number);
int killpg(pid_t group, int number);
int raise(int number);
int sigaction(int number, const struct sigaction *action, struct sigaction *previous);
int sigaddset(sigset_t *set, int number);
int sigdelset(sigset_t *set, int number);
int sigemptyset(sigset_t *set);
int sigfillset(sigset_t *set);
int sigismember(const sigset_t *set, int number);
void (*signal(int number, void (*handler)(int)))(int);
int sigpending(sigset_t *set);
int sigprocmask(int how, const sigset_t *set, sigset_t *previous);
int sigsuspend(const sigset_t *mask);
int sigwait(const sigset_t *set, int *number);
