/*
 * Becomes the parent of a program under conditions that the program may not have chosen.
 *
 *     launcher [condition…] -- program [argument…]
 *
 * Prints the child's process number on descriptor 3 when that is open, and ends as the child did (128+N for signal N).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#if defined(__linux__)
#include <linux/capability.h>
#include <sys/xattr.h>
#endif
#include <unistd.h>

static struct {
    int closed[3];         /* close=N: the child starts without descriptor N */
    const char *successor; /* exec=PROGRAM: the parent becomes another program while its child goes on */
    int no_arguments;      /* argc=0 */
    int unlinked;          /* unlink: the launcher's own file is removed first */
    int late;              /* late: the child starts 300 ms after the parent went on */
    int life;              /* die=MILLISECONDS: the parent ends then, whatever the child does */
    int signal;            /* send=N@MILLISECONDS: to the child */
    int delay;
} wish;

static const char *value_of(const char *condition, const char *name) {
    size_t length = strlen(name);
    return strncmp(condition, name, length) == 0 ? condition + length : NULL;
}

static void limit(int resource, const char *value) {
    struct rlimit limits = {(rlim_t)atol(value), (rlim_t)atol(value)};
    setrlimit(resource, &limits);
}

static void block(int number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* broken=N: nobody will ever read what is written to descriptor N. */
static void break_pipe(int fd) {
    int ends[2];
    if (pipe(ends) != 0) exit(96);
    dup2(ends[1], fd);
    close(ends[0]);
    close(ends[1]);
}

/* capable=FILE: the file will run with more rights than its caller, and without being set-uid. */
static void make_capable(const char *path) {
#if defined(__linux__)
    struct vfs_cap_data rights = {VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, {{1u << CAP_NET_RAW, 0}, {0, 0}}};
    if (setxattr(path, "security.capability", &rights, sizeof rights, 0) == 0) return;
#endif
    perror(path);
    exit(96);
}

static void impose(const char *condition) {
    const char *value;
    if ((value = value_of(condition, "block="))) block(atoi(value));
    else if ((value = value_of(condition, "ignore="))) signal(atoi(value), SIG_IGN);
    else if ((value = value_of(condition, "close="))) wish.closed[atoi(value)] = 1;
    else if ((value = value_of(condition, "leak="))) dup2(STDOUT_FILENO, atoi(value));
    else if ((value = value_of(condition, "umask="))) umask((mode_t)strtol(value, NULL, 8));
    else if ((value = value_of(condition, "fsize="))) limit(RLIMIT_FSIZE, value);
    else if ((value = value_of(condition, "core="))) limit(RLIMIT_CORE, value);
    else if ((value = value_of(condition, "exec="))) wish.successor = value;
    else if ((value = value_of(condition, "broken="))) break_pipe(atoi(value));
    else if ((value = value_of(condition, "capable="))) make_capable(value);
    else if ((value = value_of(condition, "die="))) wish.life = atoi(value);
    else if ((value = value_of(condition, "send="))) sscanf(value, "%d@%d", &wish.signal, &wish.delay);
    else if (strcmp(condition, "argc=0") == 0) wish.no_arguments = 1;
    else if (strcmp(condition, "unlink") == 0) wish.unlinked = 1;
    else if (strcmp(condition, "late") == 0) wish.late = 1;
    else exit(96);
}

static void become(char **command) {
    char *nothing[] = {NULL};
    if (wish.late) usleep(300 * 1000);
    for (int fd = 0; fd < 3; fd++)
        if (wish.closed[fd]) close(fd);
    execv(command[0], wish.no_arguments ? nothing : command);
    _exit(97);
}

static int wait_for(pid_t child) {
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return 98;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv) {
    int first = 1;
    for (; first < argc && strcmp(argv[first], "--") != 0; first++) impose(argv[first]);
    if (first + 1 >= argc) return 96;
    if (wish.unlinked) unlink(argv[0]);

    pid_t child = fork();
    if (child == 0) become(argv + first + 1);
    dprintf(3, "%d\n", (int)child);
    if (wish.life) {
        usleep((useconds_t)wish.life * 1000);
        return 0;
    }
    if (wish.successor) execl(wish.successor, wish.successor, "1", (char *)NULL);
    if (wish.signal) {
        usleep((useconds_t)wish.delay * 1000);
        kill(child, wish.signal);
    }
    signal(SIGCHLD, SIG_DFL); /* so that an ignored one is lost by the child only */
    return wait_for(child);
}
