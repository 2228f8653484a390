/*
 * Runs one shell script for one program, on a time limit, and leaves nothing behind.
 *
 *     helper <script>      the text of the script
 *     helper -             the same from standard input: not limited as arguments are, and not shown by `ps`
 *
 * Ends with the script's own exit status, with 128+N when signal N ended the script or the helper, with 124
 * when its time was up, with 1 when it was refused or could not start. A line on standard error that begins
 * with the helper's name tells the helper's 1 and 124 from the script's.
 *
 * The helper gives no privilege by itself, and its check of the parent stops accidents rather than
 * attackers: README.md says which boundaries are real, helper-config.h what can be configured.
 */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <libproc.h>
#else
#include <sys/auxv.h>
#include <sys/prctl.h>
#endif
#include "helper-config.h"

enum { EXIT_REFUSED = 1, EXIT_TIMED_OUT = 124, EXIT_SIGNALED = 128 };
static const enum { exact, contains } parent_match = HELPER_PARENT_MATCH;
_Static_assert(sizeof HELPER_PARENT > 1, "HELPER_PARENT must name the program that may call");
_Static_assert(HELPER_TIMEOUT > 0 && HELPER_GRACE > 0, "alarm(0) would never ring");

#if HELPER_SYSLOG
#include <syslog.h>
#define record(...) syslog(LOG_AUTHPRIV | LOG_NOTICE, HELPER_NAME ": " __VA_ARGS__)
#else
#define record(...) ((void)0)
#endif

static char parent_path[4096]; /* proc_pidpath refuses a larger buffer */
static char temp_path[PATH_MAX + sizeof "/" HELPER_TMP_PREFIX "XXXXXX"];
static int temp_exists;
static volatile sig_atomic_t caught; /* a signal to the helper that is not acted upon yet */

static void remove_script(void) {
    if (temp_exists) (void)unlink(temp_path);
    temp_exists = 0;
}

/* The line is one write(2): the messages of concurrent helpers do not mix. */
__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...) {
    char line[512] = HELPER_NAME ": ";
    const size_t start = strlen(line);
    va_list values;
    va_start(values, format);
    (void)vsnprintf(line + start, sizeof line - start - 1, format, values);
    va_end(values);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ') *c = '?'; /* a file name cannot forge a second line */
    record("%s", line + start);
    strcat(line, "\n");
    (void)!write(STDERR_FILENO, line, strlen(line));
    remove_script();
    _exit(EXIT_REFUSED);
}

/* ---- What a parent hands down is replaced, all of it, before anything else ---- */

/* Were one of 0-2 closed, the next file opened would become the script's input or output. */
static void open_standard_fds(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd) _exit(EXIT_REFUSED);
}

static void close_other_fds(void) {
    DIR *listing = opendir("/dev/fd");
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        int fd = atoi(entry->d_name);
        if (fd > STDERR_FILENO && fd != dirfd(listing)) (void)close(fd);
    }
    if (listing) (void)closedir(listing);
    else /* no /dev, or no descriptor left to read it with */
        for (int fd = STDERR_FILENO + 1; fd < 65536; fd++) (void)close(fd);
}

/* A blocked SIGALRM would defeat the time limit, an ignored SIGCHLD would lose the exit status. */
static void reset_signals(void) {
    sigset_t none;
    for (int number = 1; number < NSIG; number++) (void)signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* No PATH, ENV, BASH_ENV, DYLD_*, LD_*, PYTHON*, PERL5* of the parent's: data travels inside the script. */
static void reset_environment(void) {
    extern char **environ;
    static char *clean[] = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/var/empty", "SHELL=/bin/sh",
                            "LANG=C", "LC_ALL=C", "TMPDIR=" HELPER_TMPDIR, "IFS= \t\n", NULL};
    environ = clean;
}

static void drop_inheritance(void) {
    struct rlimit no_core = {0, 0}; /* a core file would hold the script */
    open_standard_fds();
    close_other_fds();
    reset_signals();
    (void)alarm(0);
    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    reset_environment();
}

/* ---- Who is calling ---- */

static void refuse_elevation(void) {
    int elevated = getuid() != geteuid() || getgid() != getegid();
#if defined(__linux__)
    elevated = elevated || getauxval(AT_SECURE) != 0; /* file capabilities too */
#endif
    if (elevated) die("refusing to run set-uid or set-gid");
}

#if defined(__APPLE__)
/* In no public header, but exported by libSystem and open to callers other than root. */
int csops(pid_t pid, unsigned int operation, void *answer, size_t size);
enum { CS_OPS_STATUS = 0, CS_OPS_IDENTITY = 11, CS_OPS_TEAMID = 14 };
enum { CS_VALID = 0x1, CS_GET_TASK_ALLOW = 0x4, CS_RUNTIME = 0x10000 };

static int find_parent_path(pid_t pid) {
    return proc_pidpath(pid, parent_path, sizeof parent_path) > 0;
}

static int signature_says(pid_t pid, unsigned int operation, const char *wanted) {
    struct { unsigned char type_and_length[8]; char text[504]; } answer = {0};
    if (!*wanted) return 1;
    return csops(pid, operation, &answer, sizeof answer - 1) == 0 && strcmp(answer.text, wanted) == 0;
}

static void check_signature(pid_t pid) {
    unsigned int flags = 0;
    if (!*HELPER_PARENT_ID && !*HELPER_TEAM_ID) return;
    if (csops(pid, CS_OPS_STATUS, &flags, sizeof flags) != 0 || !(flags & CS_VALID))
        die("parent is not validly signed");
    if (!(flags & CS_RUNTIME) || (flags & CS_GET_TASK_ALLOW)) /* others can load their code into it */
        die("parent has no hardened runtime");
    if (!signature_says(pid, CS_OPS_IDENTITY, HELPER_PARENT_ID)) die("parent has another signing identifier");
    if (!signature_says(pid, CS_OPS_TEAMID, HELPER_TEAM_ID)) die("parent is signed by another team");
}
#else
_Static_assert(sizeof HELPER_PARENT_ID == 1 && sizeof HELPER_TEAM_ID == 1,
               "HELPER_PARENT_ID and HELPER_TEAM_ID can be checked on macOS only");

static int find_parent_path(pid_t pid) {
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/%ld/exe", (long)pid);
    ssize_t length = readlink(link, parent_path, sizeof parent_path - 1);
    return length > 0 && length < (ssize_t)sizeof parent_path - 1;
}

static void check_signature(pid_t pid) {
    (void)pid;
}
#endif

static int matches(const char *name, const char *wanted, size_t length) {
    if (parent_match == contains) return memmem(name, strlen(name), wanted, length) != NULL;
    return strlen(name) == length && memcmp(name, wanted, length) == 0;
}

static int is_listed(const char *name) {
    static const char list[] = HELPER_PARENT;
    for (size_t start = 0, length; start < sizeof list; start += length + 1) {
        length = strcspn(list + start, ",");
        if (length > 0 && matches(name, list + start, length)) return 1;
    }
    return 0;
}

/* Linux calls an unlinked program "daemon (deleted)": what runs is no longer what is installed. */
static int is_deleted(const char *name) {
    const char *last_word = strrchr(name, ' ');
    return last_word && strcmp(last_word, " (deleted)") == 0;
}

static int is_inside(const char *path, const char *place) {
    size_t length = strlen(place);
    if (length == 0) return 1;
    if (strncmp(path, place, length) != 0) return 0;
    return place[length - 1] == '/' || path[length] == '/' || path[length] == '\0';
}

static pid_t check_parent(void) {
    pid_t pid = getppid();
    if (pid <= 1) die("no parent to validate");
    if (!find_parent_path(pid)) die("cannot identify the parent: %s", strerror(errno));
    const char *slash = strrchr(parent_path, '/');
    const char *name = slash ? slash + 1 : parent_path;
    if (!is_listed(name) || is_deleted(name)) die("parent \"%.128s\" is not allowed", name);
    if (!is_inside(parent_path, HELPER_PARENT_PATH)) die("parent %.256s is in the wrong place", parent_path);
    check_signature(pid);
    return pid;
}

/* ---- The script ---- */

static void time_out(int number) {
    static const char line[] = HELPER_NAME ": timed out\n";
    (void)number;
    (void)!write(STDERR_FILENO, line, sizeof line - 1);
    _exit(EXIT_TIMED_OUT);
}

static size_t read_stdin(char *into, size_t room) {
    size_t size = 0;
    ssize_t count = 1;
    (void)signal(SIGALRM, time_out);
    (void)alarm(HELPER_TIMEOUT);
    while (size < room && count != 0) {
        count = read(STDIN_FILENO, into + size, room - size);
        if (count < 0 && errno != EINTR) die("cannot read the script: %s", strerror(errno));
        if (count > 0) size += (size_t)count;
    }
    (void)alarm(0);
    return size;
}

static size_t take_argument(char *argument, char *into) {
    size_t size = strlen(argument);
    if (size <= HELPER_MAX_SCRIPT) memcpy(into, argument, size);
    memset(argument, 0, size); /* out of `ps` from here on */
    return size;
}

static void check_script(const char *script, size_t size) {
    if (size == 0) die("script is empty");
    if (size > HELPER_MAX_SCRIPT) die("script is larger than %d bytes", HELPER_MAX_SCRIPT);
    if (memchr(script, '\0', size)) die("script contains a NUL byte");
}

/* Whoever may rename files in the folder chooses what the shell reads. */
static void check_folder(const char *folder) {
    struct stat info;
    if (stat(folder, &info) != 0) die("cannot examine %s: %s", folder, strerror(errno));
    if (info.st_uid != 0 && info.st_uid != geteuid()) die("%s belongs to another user", folder);
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) && !(info.st_mode & S_ISVTX))
        die("%s is writable by others and not sticky", folder);
}

static void write_all(int fd, const char *from, size_t size) {
    while (size > 0) {
        ssize_t count = write(fd, from, size);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) die("cannot write the script: %s", count ? strerror(errno) : "nothing was written");
        from += count;
        size -= (size_t)count;
    }
}

static void write_script(const char *script, size_t size) {
    char folder[PATH_MAX]; /* resolved once: a link, as /tmp is on macOS, could be moved after the check */
    if (!realpath(HELPER_TMPDIR, folder))
        die("cannot create a file in %s: %s", HELPER_TMPDIR, strerror(errno));
    check_folder(folder);
    (void)snprintf(temp_path, sizeof temp_path, "%s/%sXXXXXX", folder, HELPER_TMP_PREFIX);
    int fd = mkstemp(temp_path);
    if (fd < 0) die("cannot create a file in %s: %s", folder, strerror(errno));
    temp_exists = 1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fchmod(fd, 0600) != 0)
        die("cannot protect the script: %s", strerror(errno));
    write_all(fd, script, size);
    if (close(fd) != 0) die("cannot write the script: %s", strerror(errno));
}

/* ---- Running it ---- */

static void on_signal(int number) {
    if (number != SIGCHLD && !caught) caught = number;
}

/* Delivered inside sigsuspend only, no signal slips in between a check and the wait that follows it. */
static void watch_signals(void) {
    static const int watched[] = {SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) sigaddset(&blocked, watched[i]);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) sigaction(watched[i], &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes shall fail our write, not kill us */
}

static int empty_stdin(void) {
    int null = open("/dev/null", O_RDONLY);
    return null > STDERR_FILENO && dup2(null, STDIN_FILENO) == STDIN_FILENO && close(null) == 0;
}

/* Runs in the child. Its own session has no terminal to type into, and its group can be ended as one. */
__attribute__((noreturn)) static void become_script(int report, int stdin_is_read, pid_t helper) {
    (void)setsid();
#if defined(__linux__)
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != helper) _exit(EXIT_REFUSED); /* it died before the line above took effect */
    (void)umask(022);
    if ((!stdin_is_read || empty_stdin()) && chdir("/") == 0) {
        reset_signals();
        execl("/bin/sh", "sh", temp_path, (char *)NULL);
    }
    int reason = errno;
    (void)!write(report, &reason, sizeof reason);
    _exit(EXIT_REFUSED);
}

/* The report pipe closes on exec: what it delivers is the reason why there was none. */
static pid_t start_script(int stdin_is_read) {
    int report[2], reason = 0;
    pid_t helper = getpid();
    if (pipe(report) != 0) die("cannot create a pipe: %s", strerror(errno));
    (void)fcntl(report[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(report[1], F_SETFD, FD_CLOEXEC);
    pid_t child = fork();
    if (child < 0) die("cannot fork: %s", strerror(errno));
    if (child == 0) become_script(report[1], stdin_is_read, helper);
    (void)close(report[1]);
    ssize_t count;
    do count = read(report[0], &reason, sizeof reason); while (count < 0 && errno == EINTR);
    (void)close(report[0]);
    if (count != 0) die("cannot run /bin/sh: %s", strerror(reason));
    return child;
}

/* An ended child that is not reaped keeps its number: no other process can be killed in its place. */
static int has_ended(pid_t child) {
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        die("cannot wait for the script: %s", strerror(errno));
    return info.si_pid == child;
}

/* Returns the signal that cut the script short, 0 when it ended by itself. */
static int supervise(pid_t child) {
    int cause = 0;
    sigset_t none;
    sigemptyset(&none);
    (void)alarm(HELPER_TIMEOUT);
    while (!has_ended(child)) {
        (void)sigsuspend(&none);
        if (!caught) continue;
        int request = caught == SIGALRM ? SIGTERM : caught;
        (void)kill(-child, cause ? SIGKILL : request);
        (void)kill(-child, SIGCONT); /* a stopped script must wake up to end */
        if (!cause) cause = caught;
        caught = 0;
        (void)alarm(HELPER_GRACE);
    }
    if (cause) (void)kill(-child, SIGKILL); /* else what it left running may be a daemon it was to start */
    return cause;
}

static int exit_status(pid_t child, int cause) {
    int status = 0;
    (void)waitpid(child, &status, 0);
    if (cause) return cause == SIGALRM ? EXIT_TIMED_OUT : EXIT_SIGNALED + cause;
    return WIFSIGNALED(status) ? EXIT_SIGNALED + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv) {
    static char script[HELPER_MAX_SCRIPT + 1];
    drop_inheritance();
    if (argc != 2) die("usage: %s <script | ->", HELPER_NAME);
    refuse_elevation();
    pid_t parent = check_parent();
    int from_stdin = strcmp(argv[1], "-") == 0;
    size_t size = from_stdin ? read_stdin(script, sizeof script) : take_argument(argv[1], script);
    /* The number is still the parent's, so all along it was one process, which may have called exec though;
       and what we have read is not the half of a script whose writer died. */
    if (getppid() != parent) die("parent ended before its script could start");
    check_script(script, size);
    watch_signals();
    write_script(script, size);
    pid_t child = start_script(from_stdin);
    int cause = supervise(child);
    int status = exit_status(child, cause);
    remove_script();
    record("uid %u, parent %d %s, %zu bytes, status %d", getuid(), (int)parent, parent_path, size, status);
    if (cause == SIGALRM) time_out(cause);
    return status;
}
